// `latchkey leak …`: tokens that stand where they must not.
import { Option } from 'commander'
import { maxReportedTokens } from '../../core/bounds.ts'
import { serverOrDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { print } from '../kit/output.ts'

export const leakCommands = [
  defineCommand({
    path: 'leak report',
    summary: 'report leaked tokens from standard input, so that they open nothing any more',
    on: serverOrDatabase,
    options: [new Option('--found-at <url>', 'where they were found, for their owners')],
    readsTokens: true,
    examples: [
      'latchkey leak report < tokens.txt',
      'latchkey leak report --found-at https://example.com/paste/42 < tokens.txt',
    ],
    notes:
      'Tokens stand in lines, or with spaces between. What becomes of each, its owner hears: a report tells nobody whether a token was live.',
    run: async ({ leaks }, { options: { foundAt }, tokens }) => {
      for (let at = 0; at < tokens.length; at += maxReportedTokens)
        await leaks.report({
          keys: tokens.slice(at, at + maxReportedTokens),
          ...(typeof foundAt === 'string' && { url: foundAt }),
        })
      return { reported: tokens.length }
    },
    print: ({ reported }) => print(`Reported ${reported} ${reported === 1 ? 'token' : 'tokens'}.`),
  }),
]
