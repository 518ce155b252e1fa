// Texts for scanners: files of all kinds with tokens in them, and files of what differs from a token by its shape.
import { generateToken, type RandomSource } from '../../src/core/token.ts'

/** A file by its name, and what it holds. */
export interface TextFile {
  name: string
  text: string
  /** The tokens in it. */
  tokens: readonly string[]
}

/** The prefixes of the tokens; one begins with another. */
export const plantedPrefixes = ['re', 're_live', 'acme_test_2', `k${'e'.repeat(23)}`]

/** How a kind of file holds its tokens. */
const kinds: Record<string, (tokens: readonly string[]) => string> = {
  'code.ts': lines((token, i) => `const key${i} = '${token}' // number ${i}`),
  'code.py': lines((token) => `client = Client("${token}")`),
  'template.js': lines((token) => `fetch(url, { headers: { authorization: \`Bearer ${token}\` } })`),
  'data.json': (tokens) => JSON.stringify({ keys: tokens }, null, 2),
  'escaped.json': (tokens) => JSON.stringify({ log: `begin\n${tokens.join('\n')}\n` }),
  'config.yaml': lines((token, i) => `secret_${i}: ${token}`),
  '.env': lines((token, i) => `API_${i}=${token}`),
  'server.log': lines((token, i) => `2026-11-28T06:00:00Z GET /v1/${i}?key=${token}&page=2 200`),
  'colour.log': lines((token) => `key: \u001b[32m${token}\u001b[0m`),
  'url.txt': lines((token) => `https://example.com/?next=%2Fcall%3Fkey%3D${token}%26a`),
  'bundle.min.js': (tokens) => `!function(){var a=[${tokens.map((token) => `"${token}"`).join()}];use(a)}();`,
  'change.diff': (tokens) =>
    `--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n${tokens.map((token, i) => `${'+-'[i % 2]}${token}`).join('\n')}\n`,
  'list.csv': (tokens) => `${tokens.join(',')}\n`,
  'page.md': lines((token) => `- \`secret-token:${token}\``),
}

function lines(line: (token: string, i: number) => string): (tokens: readonly string[]) => string {
  return (tokens) => `${tokens.map(line).join('\n')}\n`
}

/** Files of every kind, with so many tokens of all prefixes in all. */
export function plantTokens(count: number, random: RandomSource): TextFile[] {
  const tokens = Array.from(
    { length: count },
    (_, i) => generateToken(plantedPrefixes[i % plantedPrefixes.length] as string, random).token,
  )
  const names = Object.keys(kinds)
  return names.map((name, i) => {
    const own = tokens.filter((_, at) => at % names.length === i)
    return { name, text: (kinds[name] as (typeof kinds)[string])(own), tokens: own }
  })
}

/** How a text differs from a token: each takes one, and makes something of another shape. */
const differences: ((token: string) => string)[] = [
  (token) => token.slice(0, -1),
  (token) => `${token}x`,
  (token) => token.replace('_', '-'),
  (token) => `${token.slice(0, -30)}_${token.slice(-29)}`,
  (token) => `${token.slice(0, -30)}-${token.slice(-29)}`,
  (token) => `${token.slice(0, -30)}+${token.slice(-29)}`,
  (token) => `sto${token}`,
  (token) => `_${token}`,
  (token) => token.toUpperCase(),
  (token) => `other${token.slice(token.lastIndexOf('_'))}`,
  (token) => token.replace('_', ''),
]

/** One file of so many lines, each of which differs from a token. */
export function plantOthers(count: number, random: RandomSource): TextFile {
  const others = Array.from({ length: count }, (_, i) => {
    const { token } = generateToken(plantedPrefixes[i % plantedPrefixes.length] as string, random)
    return (differences[i % differences.length] as (token: string) => string)(token)
  })
  return { name: 'others.txt', text: lines((other, i) => `value ${i} = "${other}"`)(others), tokens: [] }
}
