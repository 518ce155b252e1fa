// In place of a page: the secret of a webhook, until it is stored.
import type { ReactNode } from 'react'
import type { WireCreatedWebhook } from '../../api.ts'
import { CopyBox } from '../../components/copy.tsx'
import { type Crumb, Page } from '../../components/page.tsx'
import { ShownOnce } from '../../components/shown-once.tsx'
import { receiverSnippet } from '../../format/webhooks.ts'

export const webhookCrumbs: Crumb[] = [{ label: 'Webhooks', link: { to: '/settings/webhooks' } }]

interface SecretPageProps {
  title: string
  lead: ReactNode
  of: WireCreatedWebhook
  doneLabel?: string
  done: () => void
}

export function SecretPage({ title, lead, of: { secret }, doneLabel, done }: SecretPageProps) {
  return (
    <Page title={title} lead={lead} crumbs={webhookCrumbs}>
      <div className="card max-w-3xl p-4 sm:p-5">
        <ShownOnce
          text={secret}
          what="secret"
          ifLost="Nobody can read it again. If you lose it, rotate it."
          doneLabel={doneLabel}
          done={done}
        >
          <p className="text-muted">
            It signs each message, as Standard Webhooks has it: libraries in many languages check that.
          </p>
          <CopyBox text={receiverSnippet} label="JavaScript" />
        </ShownOnce>
      </div>
    </Page>
  )
}
