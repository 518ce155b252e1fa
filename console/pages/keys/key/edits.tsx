// The fields of a key that can be changed, each in a window of its own.
import { useState } from 'react'
import { maxDescriptionLength } from '../../../../src/core/bounds.ts'
import type { WireKey } from '../../../api.ts'
import { MetadataField } from '../../../components/metadata-field.tsx'
import { PermissionsField } from '../../../components/permissions-field.tsx'
import { TextField } from '../../../components/text-field.tsx'
import { mergeFields, mergeList } from '../../../format/merges.ts'
import { readMetadata, writeMetadata } from '../../../format/metadata-text.ts'
import { nameFault, textFault } from '../../../format/names.ts'
import { permissionFaults } from '../../../format/permission-list.ts'
import { readTags, tagsFault, tagsHint } from '../../../format/tags.ts'
import { useSession } from '../../../session.ts'
import { ChangePreview } from './change-preview.tsx'
import { EditDialog } from './edit-dialog.tsx'
import { EditLimits } from './limits.tsx'
import { EditBeginning, EditExpiry, EditNetworks } from './terms.tsx'

export type EditableField =
  | ('name' | 'permissions' | 'metadata' | 'limits')
  | ('expires_at' | 'not_before' | 'allowed_ips')
  | ('description' | 'tags')

interface EditProps {
  of: WireKey
  close: () => void
}

/** Opens the window for one field. It sends what is changed in it, and nothing that others changed meanwhile. */
export function EditField({
  field,
  of,
  close,
  suggested,
}: EditProps & {
  field: EditableField
  /** The permissions that the form holds at first, if not those of the key. */
  suggested?: string[] | undefined
}) {
  // As the form found the key: it is read anew while the form is open.
  const [opened] = useState(of)
  const rest = { of: opened, close }
  switch (field) {
    case 'name':
      return <Rename {...rest} />
    case 'permissions':
      return <EditPermissions {...rest} suggested={suggested} />
    case 'expires_at':
      return <EditExpiry {...rest} />
    case 'not_before':
      return <EditBeginning {...rest} />
    case 'allowed_ips':
      return <EditNetworks {...rest} />
    case 'metadata':
      return <EditMetadata {...rest} />
    case 'description':
      return <EditDescription {...rest} />
    case 'tags':
      return <EditTags {...rest} />
    case 'limits':
      return <EditLimits {...rest} />
  }
}

function Rename({ of, close }: EditProps) {
  const [name, setName] = useState(of.name)
  const fault = nameFault(name)
  return (
    <EditDialog
      keyToChange={of}
      title="Rename the key"
      lead="Its id, its tokens and its history stay the same."
      edited={fault !== undefined ? 'faulty' : name === of.name ? 'unchanged' : { name }}
      close={close}
      isTyped={name !== of.name}
    >
      {({ faultOf, wasRead }) => (
        <TextField
          label="Name"
          value={name}
          onChange={setName}
          onFocus={(event) => event.target.select()}
          error={faultOf('name') ?? (wasRead ? fault : undefined)}
        />
      )}
    </EditDialog>
  )
}

function EditDescription({ of, close }: EditProps) {
  const [text, setText] = useState(of.description ?? '')
  const description = text.trim() === '' ? null : text
  const fault = textFault(text, maxDescriptionLength)
  return (
    <EditDialog
      keyToChange={of}
      title="Edit the description"
      edited={fault !== undefined ? 'faulty' : description === of.description ? 'unchanged' : { description }}
      close={close}
      isTyped={description !== of.description}
    >
      {({ faultOf, wasRead }) => (
        <TextField
          label="Description"
          hint="What the key is for. The search finds it."
          optional
          value={text}
          onChange={setText}
          error={faultOf('description') ?? (wasRead ? fault : undefined)}
        />
      )}
    </EditDialog>
  )
}

function EditTags({ of, close }: EditProps) {
  const [text, setText] = useState(of.tags.join(' '))
  const tags = readTags(text)
  const fault = tagsFault(tags)
  const isSame = tags.join() === of.tags.join()
  const change = (now: WireKey) => ({ tags: mergeList(of.tags, tags, now.tags) })
  return (
    <EditDialog
      keyToChange={of}
      title="Edit the tags"
      edited={fault !== undefined ? 'faulty' : isSame ? 'unchanged' : change}
      close={close}
      isTyped={!isSame}
    >
      {({ faultOf, wasRead }) => (
        <TextField
          label="Tags"
          hint={tagsHint}
          optional
          value={text}
          onChange={setText}
          error={faultOf('tags') ?? (wasRead ? fault : undefined)}
        />
      )}
    </EditDialog>
  )
}

function EditPermissions({ of, close, suggested }: EditProps & { suggested?: string[] | undefined }) {
  const { notGrantable, grantRefusal } = useSession()
  const [permissions, setPermissions] = useState<string[]>(suggested ?? of.permissions)
  const isChanged = permissions.join() !== of.permissions.join()
  const isFaulty = permissionFaults(permissions, notGrantable, grantRefusal).length > 0
  const change = (now: WireKey) => ({ permissions: mergeList(of.permissions, permissions, now.permissions) })
  return (
    <EditDialog
      keyToChange={of}
      title="Edit the permissions"
      lead="They apply to every token of the key, in every process within two seconds."
      edited={isChanged ? (isFaulty ? 'faulty' : change) : 'unchanged'}
      close={close}
      isTyped={isChanged}
    >
      {({ faultOf }) => (
        <>
          <PermissionsField
            value={permissions}
            onChange={setPermissions}
            organization={of.organization_id}
            error={faultOf('permissions')}
          />
          <ChangePreview of={of} change={isChanged && !isFaulty ? { permissions } : undefined} />
        </>
      )}
    </EditDialog>
  )
}

function EditMetadata({ of, close }: EditProps) {
  const [opened] = useState(() => writeMetadata(of.metadata))
  const [text, setText] = useState(opened)
  const { metadata } = readMetadata(text)
  const isSame = JSON.stringify(metadata) === JSON.stringify(of.metadata)
  const change =
    metadata && ((now: WireKey) => ({ metadata: mergeFields(of.metadata, metadata, now.metadata) }))
  return (
    <EditDialog
      keyToChange={of}
      title="Edit the metadata"
      edited={isSame ? 'unchanged' : (change ?? 'faulty')}
      close={close}
      isTyped={text !== opened}
    >
      {({ faultOf }) => <MetadataField value={text} onChange={setText} error={faultOf('metadata')} />}
    </EditDialog>
  )
}
