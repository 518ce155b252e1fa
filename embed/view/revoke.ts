// Revoking a key, for good: its name is typed first.
import type { Context } from '../context.ts'
import { foreign, h } from '../dom.ts'
import { newIdempotencyKey } from '../portal.ts'
import type { PortalKey } from '../wire.ts'
import { field } from './field.ts'
import { type End, formDialog } from './form-dialog.ts'

/** Makes the dialog. `onClose` hears how it ends. */
export function revokeDialog(
  context: Context,
  key: PortalKey,
  onClose: (end: End) => void,
): HTMLDialogElement {
  const { words } = context
  const typed = h('input', {
    class: 'input',
    type: 'text',
    autocomplete: 'off',
    spellcheck: 'false',
    dir: 'auto',
  })
  const confirmed = field(context, typed, { label: words.revokeConfirm })
  typed.before(h('p', { class: 'quoted' }, foreign(key.name)))
  const idempotencyKey = newIdempotencyKey()
  return formDialog(context, {
    title: words.revokeTitle,
    content: [h('p', {}, words.revokeIntro(key.name)), confirmed.node],
    submit: words.revokeGo,
    isDangerous: true,
    check: () => {
      const isSame = comparable(typed.value) === comparable(key.name)
      confirmed.setFault(isSame ? undefined : words.faults.confirm)
      return isSame
    },
    send: async () => {
      const revoked = await context.portal.revoke(key.id, idempotencyKey)
      context.update(revoked)
      context.announce(words.revokedOutcome(revoked.name))
      context.emit('revoked', revoked.id)
    },
    onClose,
  })
}

/** A name as a keyboard writes it. */
function comparable(name: string): string {
  return name.normalize('NFC').trim().replace(/\s+/g, ' ')
}
