// The prefixes of tokens: which ones new keys may have.
import { z } from 'zod'
import { maxPrefixes } from '../bounds.ts'
import { tokenPrefixSchema } from '../fields.ts'

const prefixes = z
  .array(tokenPrefixSchema, { error: 'Must be a list of prefixes, such as re_live and re_test.' })
  .min(1, 'Must have at least one prefix.')
  .max(maxPrefixes, `Must have at most ${maxPrefixes} prefixes.`)
  .refine((list) => new Set(list).size === list.length, 'Must not have a prefix twice.')
  .meta({ description: 'What the tokens of new keys may begin with. The first is the default.' })

export const setPrefixesSchema = z
  .strictObject({ prefixes })
  .meta({ id: 'SetPrefixes', examples: [{ prefixes: ['re_live', 're_test'] }] })

export const prefixesSchema = z
  .strictObject({ prefixes })
  .meta({ id: 'Prefixes', examples: [{ prefixes: ['re_live', 're_test'] }] })

/** What the tokens of new keys may begin with. */
export interface Prefixes extends z.infer<typeof prefixesSchema> {}
/** The prefixes to be; keys that have another one keep it. */
export interface SetPrefixesInput extends z.input<typeof setPrefixesSchema> {}
