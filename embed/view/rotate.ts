// Rotating a key: how long the old token still works, and the new one.
import type { Context } from '../context.ts'
import { h, newId } from '../dom.ts'
import { newIdempotencyKey } from '../portal.ts'
import type { PortalKey } from '../wire.ts'
import { group } from './field.ts'
import { type End, formDialog } from './form-dialog.ts'

const graces = [
  ['now', 0],
  ['hour', 3_600],
  ['day', 86_400],
  ['week', 604_800],
] as const

/** Makes the dialog. `onClose` hears how it ends. */
export function rotateDialog(
  context: Context,
  key: PortalKey,
  onClose: (end: End) => void,
): HTMLDialogElement {
  const { words, format } = context
  const name = newId()
  const effect = h('p', { class: 'effect', 'aria-live': 'polite' })
  const tell = () => {
    const seconds = chosen()
    // An old token ends with its key at the latest.
    const ends = Math.min(
      Date.now() + seconds * 1000,
      key.expires_at === null ? Infinity : Date.parse(key.expires_at),
    )
    effect.textContent = seconds === 0 ? words.oldEndsNow : words.oldWorksUntil(format.time(ends))
    effect.classList.toggle('warn', seconds === 0)
  }
  const radios = graces.map(([grace, seconds]) => {
    const radio = h('input', { type: 'radio', name, value: seconds, on: { change: tell } })
    radio.checked = grace === 'day'
    return { radio, node: h('label', { class: 'choice' }, radio, words.graces[grace]) }
  })
  const chosen = () => Number(radios.find(({ radio }) => radio.checked)?.radio.value ?? 0)
  tell()
  const list = h('div', { class: 'segments' }, ...radios.map(({ node }) => node))
  const asked = group(context, [list, effect], { label: words.rotateIntro(key.name) })
  let sent = { seconds: -1, idempotencyKey: '' }
  return formDialog(context, {
    title: words.rotateTitle,
    content: [asked.node],
    submit: words.rotate,
    send: async () => {
      const seconds = chosen()
      if (sent.seconds !== seconds) sent = { seconds, idempotencyKey: newIdempotencyKey() }
      const { key: token, ...rotated } = await context.portal.rotate(key.id, seconds, sent.idempotencyKey)
      context.update(rotated)
      context.showToken(rotated, token)
      // The list does not say it, and it is what the reader has to do next.
      const also = seconds === 0 ? '' : ` ${effect.textContent}`
      context.announce(words.rotatedOutcome(rotated.name) + also)
      context.emit('rotated', rotated.id)
    },
    onClose,
  })
}
