// `latchkey rules`: what scanners of secrets need to find the tokens of a deployment.
import { Option } from 'commander'
import { longestPrefix, prefixPattern } from '../../core/token.ts'
import { type Connection, withoutJson } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { CommandError, exitCodes } from '../kit/failures.ts'
import { collect } from '../kit/options.ts'
import { print } from '../kit/output.ts'
import type { Place } from '../kit/place.ts'
import { ruleFormats } from '../scanning/rules.ts'

/** A server or a database, unless the prefixes are given: then neither is asked. */
const unlessGiven: Place<Connection | undefined> = {
  ...withoutJson,
  use: (options, work) =>
    'prefix' in options ? work(undefined) : withoutJson.use(options, (connection) => work(connection)),
}

export const rulesCommand = defineCommand({
  path: 'rules',
  summary: 'print rules by which gitleaks, TruffleHog, GitHub, GitLab, detect-secrets or semgrep find tokens',
  on: unlessGiven,
  options: [
    new Option('--format <scanner>', 'the scanner that reads them')
      .choices(Object.keys(ruleFormats))
      .makeOptionMandatory(),
    new Option(
      '--prefix <prefix>',
      'find tokens with this prefix, without asking for those of new keys (repeatable)',
    ).argParser(collect),
  ],
  examples: [
    'latchkey rules --format gitleaks > .gitleaks.toml',
    'latchkey rules --format github --prefix re_live --prefix re_test',
  ],
  notes:
    'Without --prefix, the rules are for the prefixes that new keys may have. If tokens with earlier ones are still about,\nname all of them.',
  run: async (connection, { options }) => {
    const given = options.prefix as string[] | undefined
    const prefixes = given?.map(checkPrefix) ?? (await connection?.keys.listPrefixes())?.prefixes ?? []
    return { rules: ruleFormats[options.format as keyof typeof ruleFormats]([...new Set(prefixes)]) }
  },
  print: ({ rules }) => print(rules),
})

function checkPrefix(prefix: string): string {
  if (prefix.length <= longestPrefix && prefixPattern.test(prefix)) return prefix
  throw new CommandError(
    exitCodes.usage,
    `--prefix: Must be small letters and digits that begin with a letter, with single _ between, at most ${longestPrefix} characters, such as re_live.`,
  )
}
