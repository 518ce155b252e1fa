// Paste a token and see what it is worth: what its form tells at once, and then what Latchkey says.
import { useMutation } from '@tanstack/react-query'
import { Eye, EyeOff } from 'lucide-react'
import { type FormEvent, useRef, useState } from 'react'
import { isAddress } from '../../../src/core/addresses.ts'
import { ApiError, call, type WireVerdict } from '../../api.ts'
import { focusMark, useFocusOnArrival } from '../../components/autofocus.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { CheckField } from '../../components/check-field.tsx'
import { Field } from '../../components/field.tsx'
import { ErrorNotice, Notice } from '../../components/notices.tsx'
import { Page } from '../../components/page.tsx'
import { PermissionsField } from '../../components/permissions-field.tsx'
import { TextField } from '../../components/text-field.tsx'
import { permissionFaults } from '../../format/permission-list.ts'
import { readToken } from '../../format/token-reading.ts'
import { useSession } from '../../session.ts'
import { OfflineReading } from './offline-reading.tsx'
import { VerdictView } from './verdict-view.tsx'

export function TryTokenPage() {
  const { refusal } = useSession()
  const [text, setText] = useState('')
  const [isShown, setShown] = useState(false)
  const [permissions, setPermissions] = useState<string[]>([])
  const [address, setAddress] = useState('')
  // What is wrong with an address is told once it was to be asked.
  const [wasAsked, setAsked] = useState(false)
  const [draws, setDraws] = useState(false)
  const [verdict, setVerdict] = useState<{ of: WireVerdict; kid: string | undefined }>()
  const reading = readToken(text)
  const ip = address.trim()
  const addressFault =
    ip === '' || isAddress(ip) ? undefined : 'Must be an address, such as 192.0.2.7 or 2001:db8::1.'
  const question = useRef(0)
  const form = useRef<HTMLFormElement>(null)
  useFocusOnArrival(form)
  const ask = useMutation({
    // The token is read here and not given: a mutation's variables would keep it.
    mutationFn: async () => {
      // Unless it is asked for, nothing is drawn: a cost of 0 looks, and no limit refuses it.
      const body = {
        key: reading.token,
        permissions,
        ...(!draws && { cost: 0 }),
        ...(ip !== '' && { context: { ip } }),
      }
      const asked = question.current
      const answer = await call<WireVerdict>('POST', '/v1/keys/verify', { body })
      if (asked === question.current) setVerdict({ of: answer, kid: reading.kid })
    },
    gcTime: 0,
  })
  /** A verdict is about what was asked, and no longer about what stands here now. */
  const forget = () => {
    question.current++
    setVerdict(undefined)
    if (ask.error !== null) ask.reset()
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    setAsked(true)
    if (ask.isPending || reading.token === '' || permissionFaults(permissions).length > 0) return
    if (addressFault !== undefined) return
    forget()
    ask.mutate()
  }
  const refused =
    refusal('latchkey:keys:verify') ??
    (reading.token === ''
      ? 'Paste a token first.'
      : permissionFaults(permissions).length > 0
        ? 'Correct the permissions first.'
        : undefined)
  return (
    <Page
      title="Try a token"
      lead="Find out whether a token is valid. Your browser checks its form, and Latchkey verifies it."
    >
      <div className="max-w-3xl space-y-6">
        <form ref={form} onSubmit={submit} className="card space-y-6 p-4 sm:p-5" noValidate>
          <div>
            <Field
              label="Token"
              hint="You may paste a whole header, such as “Authorization: Bearer …”. The console does not store the token, and forgets it when you leave this page."
            >
              {(control) => (
                <div className="flex gap-2">
                  <input
                    {...control}
                    {...focusMark}
                    className="input font-mono"
                    type={isShown ? 'text' : 'password'}
                    autoComplete="off"
                    autoCapitalize="off"
                    autoCorrect="off"
                    spellCheck={false}
                    placeholder="re_…"
                    data-shortcut="/"
                    // No value: React would write the token into the page's attributes.
                    onChange={(event) => {
                      forget()
                      setText(event.target.value)
                    }}
                  />
                  <IconButton
                    label={isShown ? 'Hide the token' : 'Show the token'}
                    icon={isShown ? <EyeOff size={18} aria-hidden /> : <Eye size={18} aria-hidden />}
                    onClick={() => setShown(!isShown)}
                  />
                </div>
              )}
            </Field>
            <OfflineReading reading={reading} />
          </div>
          <PermissionsField
            label="Required permissions"
            optional
            granting={false}
            value={permissions}
            onChange={(next) => {
              forget()
              setPermissions(next)
            }}
          />
          <TextField
            label="Address of the client"
            optional
            hint="A key that is bound to addresses is refused without one. It counts as a place of the key."
            placeholder="192.0.2.7"
            value={address}
            onChange={(next) => {
              forget()
              setAddress(next)
            }}
            error={wasAsked ? addressFault : undefined}
          />
          <CheckField
            label="Draw from its limits, as a call does"
            hint="Otherwise the verdict tells what is left, and no limit refuses it."
            value={draws}
            onChange={(next) => {
              forget()
              setDraws(next)
            }}
          />
          <div className="flex flex-wrap items-center justify-between gap-3 border-t border-line pt-4">
            <p className="max-w-md text-muted">
              {refusal('latchkey:keys:verify') ?? 'This counts as a use of the key, if the token is valid.'}
            </p>
            <Button type="submit" kind="primary" refusal={refused} busy={ask.isPending}>
              {ask.isPending ? 'Asking…' : 'Ask Latchkey'}
            </Button>
          </div>
        </form>
        <div aria-live="polite">
          {ask.error !== null && <Failure error={ask.error} />}
          {verdict && <VerdictView verdict={verdict.of} kid={verdict.kid} />}
        </div>
      </div>
    </Page>
  )
}

function Failure({ error }: { error: unknown }) {
  if (error instanceof ApiError && error.status === 401) {
    return (
      <Notice tone="note" title="Your session had ended">
        <p>Press “Ask Latchkey” again.</p>
      </Notice>
    )
  }
  return <ErrorNotice title="Latchkey gave no verdict" error={error} />
}
