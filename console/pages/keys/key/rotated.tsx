// In place of a key's page after a rotation: its new token, until that is stored.
import { useQuery } from '@tanstack/react-query'
import type { WireCreatedKey } from '../../../api.ts'
import { Page } from '../../../components/page.tsx'
import { useNow } from '../../../components/time.tsx'
import { TokenOnce } from '../../../components/token-once.tsx'
import { findGrace } from '../../../format/graces.ts'
import { inFull, inShort, lengthOf } from '../../../format/times.ts'
import { keyQuery } from '../../../queries.ts'
import { useKeyCrumbs } from './crumbs.ts'

export function RotatedPage({ of: key, done }: { of: WireCreatedKey; done: () => void }) {
  return (
    <Page title={`The new token of ${key.name}`} crumbs={useKeyCrumbs(key.organization_id)}>
      <div className="card max-w-3xl p-4 sm:p-6">
        <TokenOnce token={key.key} permissions={key.permissions} doneLabel="Back to the key" done={done}>
          <OldToken of={key} />
        </TokenOnce>
      </div>
    </Page>
  )
}

function OldToken({ of: { id, hint } }: { of: WireCreatedKey }) {
  const now = Math.max(useNow(), Date.now())
  const { data } = useQuery(keyQuery(id))
  // What is known from before the rotation tells nothing of it.
  const secret = data?.hint === hint ? findGrace(data, now) : undefined
  const grace = secret?.expires_at
  if (grace) {
    return (
      <p>
        The old token works until{' '}
        <time dateTime={grace} title={inFull(grace)} className="font-semibold">
          {inShort(grace)}
        </time>
        {secret?.until_silent_seconds != null &&
          `, or until nobody has used it for ${lengthOf(secret.until_silent_seconds)}`}
        : put the new one in its place before.
      </p>
    )
  }
  return (
    <p className={data?.hint === hint ? '' : 'invisible'}>
      The old token has ended. It is not valid any more.
    </p>
  )
}
