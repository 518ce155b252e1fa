// `latchkey leak …`: tokens that stand where they must not.
import { Option } from 'commander'
import { maxReportedTokens } from '../../core/bounds.ts'
import { keylessServerOrDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { print, printNote } from '../kit/output.ts'
import { findTokens } from '../scanning/find-tokens.ts'

export const leakCommands = [
  defineCommand({
    path: 'leak report',
    summary: 'report leaked tokens from standard input, so that they open nothing any more',
    on: keylessServerOrDatabase,
    options: [new Option('--found-at <url>', 'where they were found, for their owners')],
    readsTokens: true,
    examples: [
      'latchkey leak report < tokens.txt',
      'latchkey leak report --found-at https://example.com/paste/42 < tokens.txt',
    ],
    notes:
      'Tokens stand in lines, or with spaces between, and may have quotes or a name around them. A server asks for no key. What\n' +
      'becomes of each, its owner hears, and `latchkey keys list --exposed` shows: a report tells nobody whether\n' +
      'a token was live.',
    run: async ({ leaks }, { options: { foundAt }, tokens: words }) => {
      const { tokens, others } = readReported(words)
      const keys = [...tokens, ...others]
      for (let at = 0; at < keys.length; at += maxReportedTokens)
        await leaks.report({
          keys: keys.slice(at, at + maxReportedTokens),
          ...(typeof foundAt === 'string' && { url: foundAt }),
        })
      return { reported: keys.length, otherForm: others.length }
    },
    print: ({ reported, otherForm }) => {
      print(`Reported ${reported} ${reported === 1 ? 'token' : 'tokens'}.`)
      if (otherForm === 0) return
      // It is not told which: that may be a token that lacks a character.
      const subject = reported === 1 ? 'It has' : `${otherForm} of them ${otherForm === 1 ? 'has' : 'have'}`
      printNote(
        `${subject} not the form of a token of Latchkey. That ends nothing, unless it was imported from another system: check that ` +
          'each token is whole, with `latchkey token inspect`.',
      )
    },
  }),
]

/** The tokens of Latchkey in what was typed, each without what stands around it, and every other word as it is. */
function readReported(words: readonly string[]): { tokens: string[]; others: string[] } {
  const tokens = new Set<string>()
  const others = new Set<string>()
  for (const word of words) {
    const found = findTokens(Buffer.from(word))
    for (const { token } of found) tokens.add(token)
    if (found.length === 0) others.add(word)
  }
  return { tokens: [...tokens], others: [...others] }
}
