// A key or an organization of which usage tells, as a way to its page.
import { Link } from '@tanstack/react-router'
import { shortKeyId } from '../../format/key-ids.ts'
import { marked } from '../foreign.tsx'

const link = 'block truncate rounded text-link underline-offset-2 hover:underline'

/** A group by its name, as a way to its page. */
export function Named({
  group,
  id,
  name,
}: {
  group: 'key' | 'organization'
  id: string | null
  name: string | null
}) {
  if (id === null) return <span className="block truncate text-muted">Tokens of no key</span>
  return group === 'key' ? (
    <Link to="/keys/$key" params={{ key: id }} className={link} dir="auto" title={id}>
      {name === null ? shortKeyId(id) : marked(name)}
    </Link>
  ) : (
    <Link
      to="/organizations/$organization"
      params={{ organization: id }}
      className={link}
      dir="auto"
      title={id}
    >
      {marked(name ?? id)}
    </Link>
  )
}
