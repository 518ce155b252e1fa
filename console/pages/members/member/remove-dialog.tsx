// Asks before a member is removed: with the tokens that it has seen, and what becomes of those that manage Latchkey.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { isReserved } from '../../../../src/core/permissions.ts'
import type { WireMember } from '../../../api.ts'
import { ChoiceRow } from '../../../components/choice-row.tsx'
import { Foreign } from '../../../components/foreign.tsx'
import { FormDialog } from '../../../components/form-dialog.tsx'
import { KeyName } from '../../../components/key-name.tsx'
import { ErrorNotice, Notice, Unread } from '../../../components/notices.tsx'
import { memberName } from '../../../format/members.ts'
import { keysSeenQuery } from '../../../member-queries.ts'
import { useSession } from '../../../session.ts'
import { addressOf, useMemberCall } from '../use-members.ts'
import { SeenUse } from './keys-seen.tsx'

const choices = [
  { value: 'revoke', label: 'Revoke them' },
  { value: 'keep', label: 'Keep them' },
] as const

const shownAtOnce = 8

export function RemoveMemberDialog({ of, close }: { of: WireMember; close: () => void }) {
  const [member] = useState(of)
  const { self, refusal } = useSession()
  const isReadable = refusal('latchkey:keys:read') === undefined
  const seen = useQuery({ ...keysSeenQuery(member.id), enabled: isReadable })
  const [managing, setManaging] = useState<'keep' | 'revoke'>()
  const remove = useMemberCall(close)
  const keys = seen.data?.items ?? []
  const managers = keys.filter(({ permissions }) => permissions.some(isReserved))
  // The server counts them anew: there may be more than were read here.
  const isAsked =
    managers.length > 0 ||
    (remove.error !== null && 'code' in remove.error && remove.error.code === 'management_keys_left')
  const undecided = isAsked && managing === undefined
  return (
    <FormDialog
      title="Remove the member"
      lead={
        <>
          This is permanent: <Foreign text={memberName(member)} className="font-medium text-ink" /> can sign
          in no more for this organization, and its sessions end. Its keys are the organization’s, and stay.
        </>
      }
      action={{
        label: 'Remove permanently',
        busyLabel: 'Removing…',
        isPermanent: true,
        refusal: undecided ? 'Say first what becomes of the keys that manage Latchkey.' : undefined,
      }}
      busy={remove.isPending}
      error={remove.error}
      submit={() => {
        const what = managing === undefined ? '' : `?management_keys=${managing}`
        remove.mutate({ method: 'DELETE', path: `${addressOf(member)}${what}` })
        return true
      }}
      close={close}
      isTyped={managing !== undefined}
    >
      {member.id === self.id && (
        <Notice tone="warning" title="This is you">
          <p>This ends your own session.</p>
        </Notice>
      )}
      {isReadable && seen.data === undefined ? (
        <Unread query={seen} height="h-20" />
      ) : (
        keys.length > 0 && (
          <div>
            <p className="label mb-1">Tokens that it has seen, and may still have</p>
            <ul className="divide-y divide-line rounded-md border border-line">
              {keys.slice(0, shownAtOnce).map((key) => (
                <li key={key.id} className="flex flex-wrap justify-between gap-x-4 px-3 py-1.5">
                  <KeyName id={key.id} known={key.name} />
                  <span className="text-muted">
                    <SeenUse of={key} />
                  </span>
                </li>
              ))}
            </ul>
            {keys.length > shownAtOnce && (
              <p className="mt-1 text-muted">
                And {seen.data?.next === undefined ? keys.length - shownAtOnce : 'many'} more.
              </p>
            )}
          </div>
        )
      )}
      {isAsked && (
        <fieldset>
          <legend className="label mb-1">Those of them that manage Latchkey</legend>
          <ChoiceRow options={choices} value={managing as 'keep' | 'revoke'} change={setManaging} />
          <p className="mt-1 text-muted">Whoever has the token of such a key can make more keys by it.</p>
        </fieldset>
      )}
      {remove.isError && <ErrorNotice error={remove.error} />}
    </FormDialog>
  )
}
