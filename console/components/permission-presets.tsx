// Buttons that grant the usual sets of Latchkey's own permissions at once.
import { type PermissionPreset, permissionPresets } from '../../src/core/permissions.ts'
import { useSession } from '../session.ts'
import { Button } from './button.tsx'

const labels: Record<PermissionPreset, string> = {
  operator: 'Operator',
  administrator: 'Administrator',
  'read-only': 'Read only',
  'verify-only': 'Verify only',
}

/** Shows the presets that the signed-in key may grant; nothing if it may grant none. */
export function PermissionPresets({
  value,
  onChange,
}: {
  value: readonly string[]
  onChange: (value: string[]) => void
}) {
  const { notGrantable } = useSession()
  const presets = (Object.keys(permissionPresets) as PermissionPreset[]).filter(
    (preset) => notGrantable(permissionPresets[preset]).length === 0,
  )
  if (presets.length === 0) return null
  return (
    <fieldset className="flex flex-wrap items-center gap-2">
      <legend className="mb-1 text-muted">For Latchkey itself, add the permissions of a role:</legend>
      {presets.map((preset) => (
        <Button key={preset} onClick={() => onChange([...new Set([...value, ...permissionPresets[preset]])])}>
          {labels[preset]}
        </Button>
      ))}
    </fieldset>
  )
}
