// What became of a test.
import type { WireWebhookTest } from '../../api.ts'
import { Outcome } from '../../components/outcome.tsx'
import { outcomeOf } from '../../format/webhooks.ts'
import { Answer } from './answer.tsx'

export function TestOutcome({ of: test }: { of: WireWebhookTest }) {
  return (
    <Outcome
      tone={test.delivered ? 'note' : 'warning'}
      title={test.delivered ? 'The receiver took the test' : 'The receiver did not take the test'}
    >
      <p>
        {outcomeOf(test)}
        {test.error !== null && `. ${test.error}`}
      </p>
      {test.answer !== null && <Answer text={test.answer} />}
    </Outcome>
  )
}
