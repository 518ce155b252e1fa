// What the form of a token tells, without asking anybody.
import { Check, Minus, X } from 'lucide-react'
import type { TokenReading } from '../../format/token-reading.ts'

const marks = {
  passed: { icon: <Check size={16} aria-hidden />, look: 'text-good', word: 'Right' },
  failed: { icon: <X size={16} aria-hidden />, look: 'text-danger', word: 'Wrong' },
  unknown: { icon: <Minus size={16} aria-hidden />, look: 'text-muted', word: 'Open' },
} as const

export function OfflineReading({ reading }: { reading: TokenReading }) {
  const isEmpty = reading.token === ''
  return (
    <div className="mt-3 rounded-lg border border-line bg-sunken p-3">
      <p role="status" className="font-medium">
        {isEmpty
          ? 'The console checks its form as you paste.'
          : reading.isWhole
            ? 'The form is right.'
            : reading.isStranger
              ? 'This is not one of ours.'
              : 'This is not a whole token.'}
      </p>
      <dl className="mt-2 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        {reading.checks.map(({ name, passed, tells }) => {
          const { icon, look, word } =
            marks[isEmpty || passed === undefined ? 'unknown' : passed ? 'passed' : 'failed']
          return (
            <div key={name} className="contents">
              <dt className={`flex items-center gap-1.5 self-start ${look}`}>
                {icon}
                {name}
                <span className="sr-only">: {word}</span>
              </dt>
              <dd
                className={`min-w-0 [overflow-wrap:anywhere] ${isEmpty || passed === undefined ? 'text-muted' : ''} ${(name === 'Prefix' || name === 'Kid') && passed ? 'font-mono text-[0.8125rem]' : ''}`}
              >
                {isEmpty ? '–' : tells}
              </dd>
            </div>
          )
        })}
      </dl>
    </div>
  )
}
