// What those who search for leaked tokens send, and what they are told: by their own names, which are not ours to change.
import { z } from 'zod'
import { scannerRuleOf } from '../scanner-rules.ts'

/** What GitLab calls what the rule of a prefix finds: the type and the value of its identifier, with `_` between. */
export function gitlabTypeOf(prefix: string): string {
  return `gitleaks_rule_id_${scannerRuleOf(prefix)}`
}

export const gitlabTypesSchema = z
  .strictObject({
    types: z
      .array(z.string())
      .meta({ description: 'What GitLab calls the tokens of this deployment: one type for each prefix.' }),
  })
  .meta({ id: 'GitlabTokenTypes', examples: [{ types: [gitlabTypeOf('re')] }] })

const matches = z.array(z.string()).meta({
  description: 'What one expression has found: the whole match first, then what its groups hold.',
})

export const trufflehogFindingSchema = z
  .record(z.string(), z.record(z.string(), matches))
  .refine((finding) => Object.keys(finding).length > 0, 'Must have the name of a detector.')
  .meta({ id: 'TrufflehogFinding', examples: [{ latchkey: { token: ['re_…'] } }] })

/** What a detector of TruffleHog has found: the matches of each of its expressions. */
export interface TrufflehogFinding extends z.infer<typeof trufflehogFindingSchema> {}
