// What those who search for leaked tokens send, and what they are told: by their own names, which are not ours to change.
import { z } from 'zod'
import { scannerRuleOf } from '../scanner-rules.ts'

/** What GitLab calls what the rule of a prefix finds: the type and the value of its identifier, with `_` between. */
export function gitlabTypeOf(prefix: string): string {
  return `gitleaks_rule_id_${scannerRuleOf(prefix)}`
}

/** How many tokens a report has at most. */
const maxPartnerTokens = 10_000

const token = z.string().meta({ description: 'What was found.' })

const githubFinding = z
  .object({
    token,
    type: z.string().meta({ description: 'The name that GitHub has for the tokens of this deployment.' }),
    url: z.string().optional().meta({ description: 'Where it was found; empty if nobody may know.' }),
    source: z.string().optional().meta({ description: 'Where on GitHub that is, such as `commit`.' }),
  })
  .meta({
    id: 'GithubFinding',
    examples: [
      { token: 're_…', type: 'latchkey_api_key', url: 'https://example.com/acme/app/.env', source: 'commit' },
    ],
  })
export const githubReportSchema = z.array(githubFinding).max(maxPartnerTokens)

const githubLabel = z
  .strictObject({
    tokenHash: z.string().meta({ description: 'The SHA-256 of the token, in hexadecimal.' }),
    tokenType: z.string().meta({ description: 'The type that GitHub has reported.' }),
    label: z.enum(['true_positive', 'false_positive']).meta({
      description: '`true_positive` for a token of this deployment, whether it opens anything or not.',
    }),
  })
  .meta({
    id: 'GithubLabel',
    examples: [
      {
        tokenHash: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
        tokenType: 'latchkey_api_key',
        label: 'true_positive',
      },
    ],
  })
export const githubLabelsSchema = z.array(githubLabel)

const gitlabFinding = z
  .object({
    type: z.string().meta({ description: 'One of `revocable_token_types`.' }),
    token,
    location: z.string().optional().meta({ description: 'Where it was found.' }),
  })
  .meta({
    id: 'GitlabFinding',
    examples: [{ type: gitlabTypeOf('re'), token: 're_…', location: 'https://example.com/acme/app/.env' }],
  })
export const gitlabReportSchema = z.array(gitlabFinding).max(maxPartnerTokens)

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
