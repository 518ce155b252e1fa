// What `latchkey doctor` tells of each thing that it looks at.
import { describeFailure } from '../kit/failures.ts'

/** What was found of one thing. */
export interface Finding {
  subject: string
  outcome: 'ok' | 'warning' | 'failure'
  /** What it is, in a line. */
  detail: string
  /** The line that mends it. */
  fix?: string
}

/** What threw, as a failure with the line that mends it. */
export function failed(subject: string, error: unknown, fix: string): Finding {
  const [detail = ''] = describeFailure(error).text.split('\n')
  return { subject, outcome: 'failure', detail, ...(!detail.includes(fix) && { fix }) }
}
