// An organization named by its id somewhere: by its name, with the id beside it, and a way to it.
import { Link } from '@tanstack/react-router'
import { isKeyId, shortKeyId } from '../format/key-ids.ts'
import { useOrganizationName } from '../organization-names.ts'
import { marked } from './foreign.tsx'

interface OrganizationNameProps {
  id: string
  /** Where many stand under each other: of an id that Latchkey made, its end. */
  isShort?: boolean
}

export function OrganizationName({ id, isShort = false }: OrganizationNameProps) {
  const name = useOrganizationName(id)
  return (
    <>
      <Link
        to="/organizations/$organization"
        params={{ organization: id }}
        dir="auto"
        title={id}
        className="foreign rounded text-link underline decoration-line decoration-1 underline-offset-2 hover:decoration-current"
      >
        {marked(name ?? id)}
      </Link>
      {/* Two organizations may have one name. */}
      {name !== undefined && name !== id && (
        <span className="foreign font-mono text-xs text-muted" title={id}>
          {' '}
          {isShort && isKeyId(id) ? shortKeyId(id) : id}
        </span>
      )}
    </>
  )
}
