// What a receiver said, as text whatever it is: the first KiB of it.
import { marked } from '../../components/foreign.tsx'
import { useSession } from '../../session.ts'

export function Answer({ text }: { text: string | null }) {
  const refusal = useSession().refusal('latchkey:webhooks:write')
  if (text !== null) {
    return (
      <pre className="foreign max-h-64 overflow-y-auto whitespace-pre-wrap rounded-md border border-line bg-surface px-3 py-2 font-mono text-[0.8125rem]">
        {marked(text)}
      </pre>
    )
  }
  return (
    <span className="text-muted">
      {refusal === undefined
        ? 'Nothing, or nothing that is text'
        : `What receivers say is not shown. ${refusal}`}
    </span>
  )
}
