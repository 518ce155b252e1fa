// `latchkey keys prefixes` and `keys set-prefixes`: what the tokens of new keys may begin with.
import { splitList } from '../../core/given-settings.ts'
import { serverOrDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { print } from '../kit/output.ts'

export const prefixCommands = [
  defineCommand({
    path: 'keys prefixes',
    summary: 'list what the tokens of new keys may begin with, the default first',
    on: serverOrDatabase,
    examples: ['latchkey keys prefixes'],
    run: ({ keys }) => keys.listPrefixes(),
    print: ({ prefixes }) => print(...prefixes),
  }),
  defineCommand({
    path: 'keys set-prefixes',
    summary: 'replace what the tokens of new keys may begin with; keys with another prefix keep it',
    on: serverOrDatabase,
    arguments: { prefixes: 'all of them with commas between, the default first: re_live,re_test' },
    examples: ['latchkey keys set-prefixes re_live,re_test'],
    run: ({ keys }, { args }) => keys.setPrefixes({ prefixes: splitList(args.prefixes) }),
    print: ({ prefixes }) => print(...prefixes),
  }),
]
