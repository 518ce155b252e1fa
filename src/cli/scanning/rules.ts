// What scanners of secrets are given to find the tokens of a deployment, each in the form that it reads.
import { scannerRuleOf } from '../../core/scanner-rules.ts'
import { tokenBodyLength } from '../../core/token.ts'

/**
 * What may stand before a token: no letter, digit or `_`, which would make its prefix another one, unless they belong to an
 * escape of JSON, a URL or a terminal's colour. It is a part of the match, for RE2 looks nowhere else.
 */
const before = String.raw`(?:^|[^0-9A-Za-z_]|\\[bfnrt]|\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2}|\x1b\[[0-9;]*m)`
const body = `[0-9A-Za-z]{${tokenBodyLength}}`

/** What finds the tokens with a prefix, which are its first group, by JavaScript, Go (RE2), Python and PCRE. */
export function tokenExpression(prefix: string): string {
  // `\b` takes nothing: the next token may stand behind a single comma.
  return String.raw`${before}(${prefix}_${body})\b`
}

const about = (prefix: string) => `API key of Latchkey that begins with ${prefix}_`

/** Each prefix with its name among rules, its expression and its text. */
const ruleOf = (prefix: string) => ({
  prefix,
  id: scannerRuleOf(prefix),
  expression: tokenExpression(prefix),
  text: about(prefix),
})

const toGitleaks = (prefixes: readonly string[], extend: string) =>
  [
    '[extend]',
    extend,
    ...prefixes.map(ruleOf).flatMap(({ prefix, id, expression, text }) => [
      '',
      '[[rules]]',
      `id = "${id}"`,
      `description = "${text}"`,
      // A basic string of TOML has the escapes of JSON.
      `regex = ${JSON.stringify(expression)}`,
      'secretGroup = 1',
      `keywords = ["${prefix}_"]`,
    ]),
  ].join('\n')

const toGitlab = (prefixes: readonly string[]) => `# .gitlab/secret-detection-ruleset.toml
[secrets]
description = "The rules of GitLab, and tokens of Latchkey"

[[secrets.passthrough]]
type = "raw"
target = "gitleaks.toml"
value = '''
${toGitleaks(prefixes, '# The rules that GitLab packages.\npath = "/gitleaks.toml"')}
'''`

const toTrufflehog = (prefixes: readonly string[]) =>
  [
    'detectors:',
    ...prefixes.map(ruleOf).flatMap(({ prefix, id, expression }) => [
      `  - name: ${id}`,
      `    keywords: ["${prefix}_"]`,
      '    regex:',
      // A quoted scalar of YAML has the escapes of JSON.
      `      token: ${JSON.stringify(expression)}`,
    ]),
  ].join('\n')

const toSemgrep = (prefixes: readonly string[]) =>
  [
    'rules:',
    ...prefixes
      .map(ruleOf)
      .flatMap(({ id, expression, text }) => [
        `  - id: ${id}`,
        '    languages: [regex]',
        '    severity: ERROR',
        `    message: ${text}. Revoke it.`,
        `    pattern-regex: ${JSON.stringify(expression)}`,
      ]),
  ].join('\n')

/** The filter of detect-secrets that takes `Client("re_…")` for a call which gives the secret, and drops what is in it. */
export const detectSecretsFilter = 'detect_secrets.filters.heuristic.is_indirect_reference'

const toDetectSecrets = (
  prefixes: readonly string[],
) => `# detect-secrets scan --plugin latchkey_detector.py \\
#   --disable-filter ${detectSecretsFilter}
import re

from detect_secrets.plugins.base import RegexBasedDetector


class LatchkeyDetector(RegexBasedDetector):
    """Finds API keys of Latchkey."""

    secret_type = 'Latchkey token'
    denylist = (
${prefixes.map((prefix) => `        re.compile(r'${tokenExpression(prefix)}'),`).join('\n')}
    )`

/** GitHub's form asks for what stands around a secret by fields of its own. */
const toGithub = (prefixes: readonly string[]) =>
  prefixes
    .map(ruleOf)
    .map(
      ({ prefix, id, text }) => `Pattern name: ${id}
Description: ${text}
Secret format: ${prefix}_${body}
Before secret: ${githubBefore}
After secret: ${githubAfter}`,
    )
    .join('\n\n')

const githubBefore = String.raw`\A|[^0-9A-Za-z_]|\\[bfnrt]|\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2}`
const githubAfter = String.raw`\z|[^0-9A-Za-z_]`

/** Writes the rules of each scanner, for some prefixes. */
export const ruleFormats = {
  gitleaks: (prefixes) => toGitleaks(prefixes, '# The rules of gitleaks itself.\nuseDefault = true'),
  trufflehog: toTrufflehog,
  github: toGithub,
  gitlab: toGitlab,
  'detect-secrets': toDetectSecrets,
  semgrep: toSemgrep,
} satisfies Record<string, (prefixes: readonly string[]) => string>
