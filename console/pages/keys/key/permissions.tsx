// What a key may do, what each permission means, and which of them no call needs.
import { useQuery } from '@tanstack/react-query'
import type { WireKey } from '../../../api.ts'
import { ChangeButton } from '../../../components/button.tsx'
import { Section } from '../../../components/page.tsx'
import { meaningIn } from '../../../format/permission-list.ts'
import { catalogueQuery } from '../../../queries.ts'
import { NeededPermissions } from './needed-permissions.tsx'

interface KeyPermissionsProps {
  of: WireKey
  /** Why nothing may be changed. */
  refusal: string | undefined
  /** Opens the form, with these permissions in it if they are given. */
  edit: (suggested?: string[]) => void
}

export function KeyPermissions({ of: key, refusal, edit }: KeyPermissionsProps) {
  const catalogue = useQuery(catalogueQuery()).data ?? []
  return (
    <Section
      title="Permissions"
      lead="What the calls of this key may ask for."
      actions={<ChangeButton label="Edit" of="the permissions" refusal={refusal} onClick={() => edit()} />}
    >
      {key.permissions.length === 0 ? (
        <p className="text-muted">None: the key is refused for all that requires a permission.</p>
      ) : (
        <ul aria-label="Permissions" className="-my-1.5 divide-y divide-line">
          {key.permissions.map((permission) => (
            <li key={permission} className="grid gap-x-6 py-1.5 sm:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
              <span className="min-w-0">
                <code className="code">{permission}</code>
              </span>
              <span className="foreign min-h-5 text-muted">{meaningIn(permission, catalogue)}</span>
            </li>
          ))}
        </ul>
      )}
      {key.permissions.length > 0 && <NeededPermissions of={key} refusal={refusal} narrow={edit} />}
    </Section>
  )
}
