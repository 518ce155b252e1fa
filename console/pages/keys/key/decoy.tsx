// That a key is a decoy, above everything else on its page: whether somebody has tried it, and what to do then.
import type { WireKey } from '../../../api.ts'
import { Notice } from '../../../components/notices.tsx'
import { Ago } from '../../../components/time.tsx'
import { timesOf } from '../../../format/decoys.ts'

export function DecoyNotice({ of: { decoy } }: { of: WireKey }) {
  if (decoy === undefined) return null
  const { tries, last_tried_at: lastAt } = decoy
  return (
    <div className="mb-6">
      {lastAt === null ? (
        <Notice tone="note" title="This is a decoy">
          <p>
            It opens nothing: its token is answered like one that nobody made. Nobody has tried it. Once
            somebody does, the history says from where.
          </p>
        </Notice>
      ) : (
        <Notice tone="error" title="Somebody has tried this decoy">
          <p>
            {`It was tried ${timesOf(tries)}, last `}
            <Ago instant={lastAt} never="" />. The history says from where, as far as it is known. The place
            where its token lies was read: rotate the keys that lie beside it, then revoke the decoy.
          </p>
        </Notice>
      )}
    </div>
  )
}
