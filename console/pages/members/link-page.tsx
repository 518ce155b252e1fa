// In place of a page: the link of an invitation, until it was handed on.
import type { ReactNode } from 'react'
import type { WireInvitation } from '../../api.ts'
import { LinkButton } from '../../components/button.tsx'
import { Foreign } from '../../components/foreign.tsx'
import { Notice } from '../../components/notices.tsx'
import { Page } from '../../components/page.tsx'
import { ShownOnce } from '../../components/shown-once.tsx'
import { roleLabel } from '../../format/roles.ts'
import { inFull, inShort } from '../../format/times.ts'

interface LinkPageProps {
  of: WireInvitation
  title?: string
  /** Whether it is of who is looking at it. */
  isSelf?: boolean
  /** Whether it was to go by mail, and the mail server has not taken it. */
  wasNotSent?: boolean
  above?: ReactNode
  done: () => void
}

export function LinkPage({
  of: invitation,
  title = 'The invitation',
  isSelf = false,
  wasNotSent = false,
  above,
  done,
}: LinkPageProps) {
  const { email, url, role, expires_at: expiresAt } = invitation
  return (
    <Page title={title} above={above}>
      <div className="card max-w-3xl p-4 sm:p-5">
        {url === null ? (
          <>
            <Notice tone="note" title="The invitation was sent">
              <p>
                <Foreign text={email} /> becomes {roleLabel(role).toLowerCase()} by the link in the mail.
              </p>
            </Notice>
            <div className="mt-4">
              <LinkButton to="." onClick={done}>
                Done
              </LinkButton>
            </div>
          </>
        ) : (
          <ShownOnce
            text={url}
            what="link"
            ifLost="Latchkey keeps no copy of the link. If it is lost, renew the invitation."
            done={done}
            lead={
              wasNotSent && (
                <Notice tone="warning" title="The mail server has not taken the letter">
                  <p>The log of the server says why. The invitation stands: hand the link over yourself.</p>
                </Notice>
              )
            }
          >
            <p className="text-muted">
              {isSelf ? (
                <>
                  It is yours, <Foreign text={email} className="font-medium text-ink" />: open it, in this
                  browser too. From then on you act as yourself, and no longer as the root key.
                </>
              ) : (
                <>
                  Hand it to <Foreign text={email} className="font-medium text-ink" />, and to nobody else:
                  whoever makes a passkey by it, or proves that address at a provider, becomes{' '}
                  {roleLabel(role).toLowerCase()}.
                </>
              )}{' '}
              It opens once, until{' '}
              <time dateTime={expiresAt} title={inFull(expiresAt)}>
                {inShort(expiresAt)}
              </time>
              .
            </p>
          </ShownOnce>
        )}
      </div>
    </Page>
  )
}
