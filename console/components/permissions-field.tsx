// A list of permissions to type, paste and pick: chips, and an input that completes them.
import { useQuery } from '@tanstack/react-query'
import { type ClipboardEvent, type KeyboardEvent, useId, useLayoutEffect, useRef, useState } from 'react'
import { uncataloguedOf } from '../../src/core/permissions.ts'
import { withMarks } from '../format/foreign-text.ts'
import {
  isUnfinished,
  permissionFault,
  permissionFaults,
  permissionOptions,
  readPermissions,
} from '../format/permission-list.ts'
import { catalogueQuery, permissionsQuery } from '../queries.ts'
import { useSession } from '../session.ts'
import { PermissionChips } from './permission-chips.tsx'
import { PermissionFaults } from './permission-faults.tsx'
import { PermissionOptions } from './permission-options.tsx'
import { Wildcards } from './wildcards.tsx'

interface PermissionsFieldProps {
  label?: string
  optional?: boolean
  /**
   * The permissions. What is being typed is the last of them, whole or not, so that nothing typed is lost: ask
   * `permissionFaults(value, session.notGrantable)` before the list is sent, and send none while it has any.
   */
  value: readonly string[]
  onChange: (value: string[]) => void
  /** Whose permissions in use complete what is typed; undefined for all that the signed-in key may see. */
  organization?: string | undefined
  /** Whether these are to be granted: then those that the signed-in key does not hold are marked. */
  granting?: boolean
  /** A sentence, where the list was refused; what the field itself finds stands in its place. */
  error?: string | undefined
}

/** A controlled list of permissions; a combobox (WAI-ARIA 1.2) with chips before it. */
export function PermissionsField({
  label = 'Permissions',
  optional,
  value,
  onChange,
  organization,
  granting = true,
  error,
}: PermissionsFieldProps) {
  const session = useSession()
  const inUse = useQuery(permissionsQuery(organization)).data ?? []
  const catalogue = useQuery(catalogueQuery()).data ?? []
  const id = useId()
  const input = useRef<HTMLInputElement>(null)
  const [typed, setTyped] = useState('')
  const [open, setOpen] = useState(false)
  const [active, setActive] = useState(-1)
  const [said, setSaid] = useState('')
  const box = useRef<HTMLDivElement>(null)

  // Whoever holds the value may have replaced it meanwhile.
  const draft = typed !== '' && value.at(-1) === typed ? typed : ''
  const chips = draft === '' ? value : value.slice(0, -1)
  const notGrantable = granting ? session.notGrantable : () => []
  const faults = permissionFaults(isUnfinished(draft) ? chips : value, notGrantable, session.grantRefusal)
  const options = permissionOptions(draft, chips, inUse, catalogue)
  const names = catalogue.map(({ name }) => name)
  const uncatalogued = granting && faults.length === 0 ? uncataloguedOf(names, chips) : []
  const expanded = open && options.length > 0
  const activeId = expanded && active >= 0 ? `${id}-option-${active}` : undefined

  useLayoutEffect(() => {
    if (active >= 0)
      box.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [active])

  const change = (nextChips: readonly string[], nextDraft: string) => {
    setTyped(nextDraft)
    setActive(-1)
    onChange(nextDraft === '' ? [...nextChips] : [...nextChips, nextDraft])
  }
  const add = (permissions: readonly string[]) => {
    const fresh = permissions.filter((permission) => !chips.includes(permission))
    setSaid(fresh.length === 0 ? 'Already in the list' : `Added ${withMarks(fresh.join(', '))}`)
    setOpen(false)
    change([...chips, ...fresh], '')
  }
  const remove = (permission: string) => {
    setSaid(`Removed ${withMarks(permission)}`)
    change(
      chips.filter((chip) => chip !== permission),
      draft,
    )
  }
  const type = (text: string) => {
    const parts = readPermissions(text)
    const first = parts[0] ?? ''
    // A separator ends what was typed: what is well-formed becomes a chip, the rest is left to be mended.
    if (/[\s,;]$/.test(text) && parts.length === 1 && permissionFault(first) === undefined) return add(parts)
    if (parts.length > 1) return add(parts)
    setOpen(true)
    change(chips, first)
  }
  const paste = (event: ClipboardEvent) => {
    const parts = readPermissions(event.clipboardData.getData('text'))
    if (parts.length < 2) return
    event.preventDefault()
    add(parts)
  }
  const mayPick = (permission: string) => notGrantable([permission]).length === 0
  const press = (event: KeyboardEvent) => {
    const { key } = event
    const picked = expanded ? options[active]?.permission : undefined
    const wanted = picked ?? draft
    const isWhole = permissionFault(wanted) === undefined && (picked === undefined || mayPick(picked))
    if (key === 'ArrowDown' || key === 'ArrowUp') {
      setOpen(true)
      setActive(step(expanded ? active : -1, key === 'ArrowDown' ? 1 : -1, options.length))
    } else if (key === 'Escape' && expanded) {
      setOpen(false)
      setActive(-1)
    } else if (key === 'Enter') {
      // In this field Enter never sends the form: one too many would.
      if (isWhole) add([wanted])
    } else if (key === 'Tab' && !event.shiftKey && isWhole) add([wanted])
    else if (key === 'Backspace' && draft === '' && chips.length > 0) remove(chips.at(-1) as string)
    else return
    event.preventDefault()
  }

  return (
    <div>
      <label htmlFor={id} className="label mb-1">
        {label}
        {optional && <span className="font-normal text-muted"> (optional)</span>}
      </label>
      <div ref={box} className="relative">
        <div
          className={`flex w-full flex-wrap gap-1.5 rounded-md border bg-surface p-1.5 focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-link ${faults.length > 0 || error ? 'border-danger' : 'border-edge'}`}
        >
          <PermissionChips
            permissions={chips}
            faulty={faults.flatMap(({ permission }) => permission ?? [])}
            remove={remove}
            focusInput={() => input.current?.focus()}
          />
          <input
            ref={input}
            id={id}
            role="combobox"
            aria-expanded={expanded}
            aria-controls={`${id}-options`}
            aria-autocomplete="list"
            aria-activedescendant={activeId}
            aria-describedby={`${id}-hint${faults.length > 0 || error ? ` ${id}-faults` : ''}`}
            aria-invalid={faults.length > 0 || error !== undefined || undefined}
            autoComplete="off"
            autoCapitalize="off"
            autoCorrect="off"
            spellCheck={false}
            placeholder={chips.length === 0 ? 'emails:send' : ''}
            className="min-h-8 min-w-40 flex-1 bg-transparent px-1.5 font-mono text-base outline-none md:text-[0.8125rem]"
            value={draft}
            onChange={(event) => type(event.target.value)}
            onPaste={paste}
            onKeyDown={press}
            onClick={() => setOpen(true)}
            onBlur={() => setOpen(false)}
          />
        </div>
        {expanded && (
          <PermissionOptions
            id={id}
            options={options}
            active={active}
            withheld={notGrantable(options.map(({ permission }) => permission))}
            pick={(permission) => mayPick(permission) && add([permission])}
          />
        )}
      </div>
      <PermissionFaults id={`${id}-faults`} faults={faults} error={error} />
      <Uncatalogued permissions={uncatalogued} />
      <p id={`${id}-hint`} className="mt-1 text-muted">
        {isUnfinished(draft)
          ? 'Continue after the colon, or type * for everything under it.'
          : 'Press Enter, Tab or comma to add one, or paste a list.'}
        {granting && value.length === 0 && ' An empty list grants nothing.'}
      </p>
      {granting && <Grantable />}
      <Wildcards permissions={value} inUse={inUse} />
      <span role="status" className="sr-only">
        {said}
      </span>
    </div>
  )
}

/** What of the API a member of a customer may give, before it tries: nothing, until the operator says so. */
function Grantable() {
  const { self, isRoot } = useSession()
  if (isRoot || self.type === 'key') return null
  return (
    <p className="mt-1 text-muted">
      {self.grantable.length === 0
        ? 'Your organization lets its members grant nothing of the API yet: whoever runs this Latchkey can allow it.'
        : 'Of the API, your organization lets its members grant: '}
      {self.grantable.map((permission, i) => (
        <span key={permission}>
          {i > 0 && ', '}
          <code className="code">{permission}</code>
        </span>
      ))}
    </p>
  )
}

/** Warns of what may be mistyped. It may be granted all the same. */
function Uncatalogued({ permissions }: { permissions: readonly string[] }) {
  if (permissions.length === 0) return null
  return (
    <p role="status" className="mt-1 text-muted">
      Not in the catalogue of permissions, so perhaps mistyped:{' '}
      {permissions.map((permission, i) => (
        <span key={permission}>
          {i > 0 && ', '}
          <code className="code">{permission}</code>
        </span>
      ))}
      .
    </p>
  )
}

/** The place after or before one among `count`, around the ends. */
function step(from: number, by: 1 | -1, count: number): number {
  if (count === 0) return -1
  return from < 0 && by < 0 ? count - 1 : (from + by + count) % count
}
