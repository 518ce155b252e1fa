// What state a key is in.
import { Ban, CircleCheck, CirclePause, Hourglass } from 'lucide-react'
import type { WireKey } from '../api.ts'
import { Pill } from './pill.tsx'

const looks = {
  active: { tone: 'good', icon: CircleCheck, word: 'Active' },
  expired: { tone: 'warn', icon: Hourglass, word: 'Expired' },
  suspended: { tone: 'warn', icon: CirclePause, word: 'Suspended' },
  revoked: { tone: 'danger', icon: Ban, word: 'Revoked' },
} as const

export function Status({ status }: { status: WireKey['status'] }) {
  const { tone, icon, word } = looks[status]
  return (
    <Pill tone={tone} icon={icon}>
      {word}
    </Pill>
  )
}
