// The window for the filters of a list that have no field beside it: they stand as chips above the list.
import { useState } from 'react'
import { containsToken } from '../../../../src/core/token.ts'
import { CheckField } from '../../../components/check-field.tsx'
import { FormDialog } from '../../../components/form-dialog.tsx'
import { TextField } from '../../../components/text-field.tsx'
import { withFilter } from '../../../format/filters.ts'
import { type ChangeSearch, tagsOf, withTags } from '../../../format/key-filters.ts'
import { permissionFaults } from '../../../format/permission-list.ts'
import { readTags, tagsFault } from '../../../format/tags.ts'
import type { KeySearch } from '../../../searches.ts'

interface FilterDialogProps {
  search: KeySearch
  change: ChangeSearch
  close: () => void
}

export function FilterDialog({ search, change, close }: FilterDialogProps) {
  const [opened] = useState(() => ({
    tags: tagsOf(search).join(' '),
    permission: search.permission ?? '',
    createdBy: search.created_by ?? '',
    isGone: search.creator === 'gone',
    breaksPolicy: search.breaks_policy ?? false,
    decoy: search.decoy ?? false,
    exposed: search.exposed ?? false,
  }))
  const [typed, setTyped] = useState(opened)
  const [wasRead, setRead] = useState(false)
  const tags = readTags(typed.tags)
  const permission = typed.permission.trim()
  const faults = {
    tags: tagsFault(tags),
    permission: permission === '' ? undefined : permissionFaults([permission])[0]?.reason,
    // It would stand in the address.
    createdBy: containsToken(typed.createdBy) ? 'This is a token. Enter an id.' : undefined,
  }
  const submit = () => {
    setRead(true)
    if (Object.values(faults).some((fault) => fault !== undefined)) return false
    change((now) => {
      const held = withFilter(withTags(now, tags), 'permission', permission || undefined)
      const made = withFilter(held, 'created_by', typed.createdBy.trim() || undefined)
      const left = withFilter(made, 'creator', typed.isGone ? 'gone' : undefined)
      const decoys = withFilter(left, 'decoy', typed.decoy || undefined)
      const exposed = withFilter(decoys, 'exposed', typed.exposed || undefined)
      return withFilter(exposed, 'breaks_policy', typed.breaksPolicy || undefined)
    })
    close()
    return true
  }
  return (
    <FormDialog
      title="Filter the keys"
      lead="A key is listed if it has everything that is given here."
      action={{ label: 'Filter', busyLabel: 'Filter' }}
      busy={false}
      error={null}
      submit={submit}
      close={close}
      // Nothing is lost that could not be typed again in a moment.
      isTyped={false}
    >
      <TextField
        label="Tags"
        optional
        placeholder="team:billing"
        value={typed.tags}
        onChange={(next) => setTyped({ ...typed, tags: next })}
        error={wasRead ? faults.tags : undefined}
      />
      <TextField
        label="Permission"
        optional
        hint="Exactly as keys hold it: emails:* does not find those that hold emails:send."
        placeholder="emails:send"
        value={typed.permission}
        onChange={(next) => setTyped({ ...typed, permission: next })}
        error={wasRead ? faults.permission : undefined}
      />
      <TextField
        label="Created by"
        optional
        hint="The whole id of a member, of a key, or of a user of yours."
        value={typed.createdBy}
        onChange={(next) => setTyped({ ...typed, createdBy: next })}
        error={wasRead ? faults.createdBy : undefined}
      />
      <CheckField
        label="Creator has left"
        hint="Keys that a member has made who was removed since."
        value={typed.isGone}
        onChange={(next) => setTyped({ ...typed, isGone: next })}
      />
      <CheckField
        label="Breaks a policy"
        hint="Keys that would be refused if they were made today, and by which rule."
        value={typed.breaksPolicy}
        onChange={(next) => setTyped({ ...typed, breaksPolicy: next })}
      />
      <CheckField
        label="Marked as leaked"
        hint="Keys of which a token was reported, until somebody clears the mark."
        value={typed.exposed}
        onChange={(next) => setTyped({ ...typed, exposed: next })}
      />
      <CheckField
        label="Decoys alone"
        hint="Keys that open nothing, and tell when somebody tries them."
        value={typed.decoy}
        onChange={(next) => setTyped({ ...typed, decoy: next })}
      />
    </FormDialog>
  )
}
