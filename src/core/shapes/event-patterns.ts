// How events are asked for, where they are sent and where they are followed: by name, all of a kind, or all.
import { z } from 'zod'
import { auditActions } from './audit.ts'

const nouns = [...new Set(auditActions.map((action) => action.split('.')[0]))]
const patterns: readonly string[] = ['*', ...nouns.map((noun) => `${noun}.*`), ...auditActions]
const patternsError = `Must be *, ${nouns.map((noun) => `${noun}.*`).join(', ')}, or an event such as key.revoked.`
/** One of them; a name that no event has would wait for ever. */
export const eventPattern = z.string({ error: patternsError }).refine((value) => patterns.includes(value), {
  error: ({ input }) => `There is no event ${JSON.stringify(String(input).slice(0, 64))}. ${patternsError}`,
})
