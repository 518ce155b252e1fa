// What state a member is in.
import { CircleCheck, CirclePause, UserX } from 'lucide-react'
import type { WireMember } from '../../api.ts'
import { Pill } from '../../components/pill.tsx'

const looks = {
  active: { tone: 'good', icon: CircleCheck, word: 'Active' },
  suspended: { tone: 'warn', icon: CirclePause, word: 'Suspended' },
  removed: { tone: 'quiet', icon: UserX, word: 'Removed' },
} as const

export function MemberStatus({ status }: { status: WireMember['status'] }) {
  const { tone, icon, word } = looks[status]
  return (
    <Pill tone={tone} icon={icon}>
      {word}
    </Pill>
  )
}
