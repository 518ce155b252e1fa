// When and from where a key is valid, each in a window in which it is changed.
import { useState } from 'react'
import type { WireKey } from '../../../api.ts'
import { BeginningField } from '../../../components/beginning-field.tsx'
import { ExpiryField } from '../../../components/expiry-field.tsx'
import { NetworksField } from '../../../components/networks-field.tsx'
import { Notice } from '../../../components/notices.tsx'
import { type Beginning, beginningFault } from '../../../format/beginnings.ts'
import { type Expiry, expiryFault, outlives } from '../../../format/expiries.ts'
import { mergeList } from '../../../format/merges.ts'
import { networksFault, networksRefusal, readNetworks, writeNetworks } from '../../../format/networks.ts'
import { useSession } from '../../../session.ts'
import { ChangePreview } from './change-preview.tsx'
import { EditDialog } from './edit-dialog.tsx'

interface EditProps {
  of: WireKey
  close: () => void
}

export function EditExpiry({ of, close }: EditProps) {
  const own = useSession().latestExpiry(of.organization_id)
  // An earlier expiry than the key has is always in reach.
  const latest =
    own === undefined || of.expires_at === null
      ? undefined
      : outlives(of.expires_at, own)
        ? of.expires_at
        : own
  const [expiry, setExpiry] = useState<Expiry>(of.expires_at)
  const isChanged = expiry !== of.expires_at
  // Earlier than the key begins, it would never be valid.
  const fault = expiryFault(expiry, Date.now(), latest) ?? beginningFault(of.not_before, expiry)
  const change = expiry === undefined || fault !== undefined ? undefined : { expires_at: expiry }
  return (
    <EditDialog
      keyToChange={of}
      title="Change the expiry"
      lead="From then on no token of the key is valid. A later expiry makes them valid again."
      edited={isChanged ? (change ?? 'faulty') : 'unchanged'}
      close={close}
      isTyped={isChanged}
    >
      {({ faultOf, wasRead }) => (
        <>
          <ExpiryField
            value={expiry}
            onChange={setExpiry}
            latest={latest}
            error={faultOf('expires_at') ?? faultOf('not_before') ?? (wasRead ? fault : undefined)}
          />
          <ChangePreview of={of} change={isChanged ? change : undefined} />
        </>
      )}
    </EditDialog>
  )
}

export function EditBeginning({ of, close }: EditProps) {
  const [beginning, setBeginning] = useState<Beginning>(of.not_before)
  const isChanged = beginning !== of.not_before
  const fault = beginningFault(beginning, of.expires_at)
  const change = beginning === undefined || fault !== undefined ? undefined : { not_before: beginning }
  return (
    <EditDialog
      keyToChange={of}
      title="Change the beginning"
      lead="Before it no token of the key is valid."
      edited={isChanged ? (change ?? 'faulty') : 'unchanged'}
      close={close}
      isTyped={isChanged}
    >
      {({ faultOf, wasRead }) => (
        <>
          <BeginningField
            value={beginning}
            onChange={setBeginning}
            error={faultOf('not_before') ?? (wasRead ? fault : undefined)}
          />
          <ChangePreview of={of} change={isChanged ? change : undefined} />
        </>
      )}
    </EditDialog>
  )
}

export function EditNetworks({ of, close }: EditProps) {
  const isOwn = useSession().self.id === of.id
  const [text, setText] = useState(() => writeNetworks(of.allowed_ips))
  const networks = readNetworks(text)
  const fault = networksFault(networks)
  const isChanged = networks.join() !== of.allowed_ips.join()
  const change = (now: WireKey) => ({ allowed_ips: mergeList(of.allowed_ips, networks, now.allowed_ips) })
  return (
    <EditDialog
      keyToChange={of}
      title="Edit the allowed addresses"
      lead="From other addresses its tokens are refused. A check that tells no address is refused as well."
      edited={isChanged ? (fault === undefined ? change : 'faulty') : 'unchanged'}
      close={close}
      isTyped={isChanged}
    >
      {({ errors, wasRead, sent }) => (
        <>
          <NetworksField
            value={text}
            onChange={setText}
            error={networksRefusal(errors, sent.allowed_ips ?? []) ?? (wasRead ? fault : undefined)}
          />
          {isOwn && (
            <Notice tone="warning" title="You are signed in with this key">
              <p>From other addresses the console refuses it as well, yours among them.</p>
            </Notice>
          )}
          <ChangePreview
            of={of}
            change={isChanged && fault === undefined ? { allowed_ips: networks } : undefined}
          />
        </>
      )}
    </EditDialog>
  )
}
