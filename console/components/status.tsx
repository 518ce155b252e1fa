// What state a key is in, by a word, a colour and a shape.
import { Ban, CircleCheck, Hourglass } from 'lucide-react'
import type { WireKey } from '../api.ts'

const looks = {
  active: { look: 'bg-good-soft text-good', icon: CircleCheck, word: 'Active' },
  expired: { look: 'bg-warn-soft text-warn', icon: Hourglass, word: 'Expired' },
  revoked: { look: 'bg-danger-soft text-danger', icon: Ban, word: 'Revoked' },
} as const

export function Status({ status }: { status: WireKey['status'] }) {
  const { look, icon: Icon, word } = looks[status]
  return (
    <span
      className={`inline-flex items-center gap-1 whitespace-nowrap rounded-full px-2 py-0.5 text-xs font-medium ${look}`}
    >
      <Icon size={13} aria-hidden />
      {word}
    </span>
  )
}
