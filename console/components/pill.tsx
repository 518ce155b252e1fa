// What state something is in, by a word, a colour and a shape.
import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'

const tones = {
  good: 'bg-good-soft text-good',
  warn: 'bg-warn-soft text-warn',
  danger: 'bg-danger-soft text-danger',
  quiet: 'bg-sunken text-muted',
} as const

interface PillProps {
  tone: keyof typeof tones
  icon?: LucideIcon
  children: ReactNode
}

export function Pill({ tone, icon: Icon, children }: PillProps) {
  return (
    <span
      className={`inline-flex items-center gap-1 whitespace-nowrap rounded-full px-2 py-0.5 text-xs font-medium ${tones[tone]}`}
    >
      {Icon && <Icon size={13} aria-hidden />}
      {children}
    </span>
  )
}
