// docs/explain/asvs.md answers the requirements of OWASP ASVS 5.0 on sign-in and sessions. Here it is held to have each of them, to
// name tests that are there, and to tell of the ways in and their bounds as they are.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import * as bounds from '../src/core/bounds.ts'
import { routes } from '../src/server/app.ts'
import { openApiDocument } from '../src/server/openapi/document.ts'
import { repository } from './setup/documents-run.ts'

const read = (path: string) => readFileSync(join(repository, path), 'utf8')
const list = read('docs/explain/asvs.md')

/** How many requirements each section has. */
const sections: Record<string, number> = {
  ...{ '6.1': 3, '6.2': 12, '6.3': 8, '6.4': 6, '6.5': 8, '6.6': 4, '6.7': 2, '6.8': 4 },
  ...{ '7.1': 3, '7.2': 4, '7.3': 2, '7.4': 5, '7.5': 3, '7.6': 2 },
  ...{ '10.1': 2, '10.2': 3, '10.3': 5, '10.4': 16, '10.5': 5, '10.6': 2, '10.7': 3 },
}

interface Line {
  number: string
  level: string
  answer: string
  reason: string
  tests: { file: string; name: string }[]
}

const lines: Line[] = [
  ...list.matchAll(/^\| (\d+\.\d+\.\d+) \| (\d) \| [^|]+ \| ([^|]+) \| ([^|]*) \|$/gm),
].map(([, number = '', level = '', answered = '', held = '']) => {
  const [, answer = '', reason = ''] = /^\**([a-z ]+)\**(?:: (.+))?$/.exec(answered) ?? []
  const tests = [...held.matchAll(/`(test\/[^`]+)` `([^`]+)`/g)].map(([, file = '', name = '']) => ({
    file,
    name,
  }))
  return { number, level, answer, reason, tests }
})

/** The names of the tests of a file, and those of them that are left out whatever the machine has. */
function testsOf(file: string): { names: string[]; leftOut: string[] } {
  const calls = [
    ...read(file).matchAll(/\b(?:test|it)((?:\.\w+(?:\([\w.]+\))?)*)\(\s*(['"`])((?:\\.|(?!\2).)+)\2/gs),
  ]
  const told = calls.map(([, modifier = '', , name = '']) => ({
    modifier,
    name: name.replaceAll("\\'", "'"),
  }))
  return {
    names: told.map(({ name }) => name),
    leftOut: told
      .filter(({ modifier }) => /\.(?:skip|todo|fails|only)\b/.test(modifier))
      .map(({ name }) => name),
  }
}

test('every requirement of the three chapters stands in the list once', () => {
  const wanted = Object.entries(sections).flatMap(([section, count]) =>
    Array.from({ length: count }, (_, i) => `${section}.${i + 1}`),
  )
  expect(lines.map(({ number }) => number)).toEqual(wanted)
  // What looks like a line of the list is one.
  expect(list.match(/^\| \d+\.\d+/gm)).toHaveLength(wanted.length)
})

test('each answer is one of four with a reason, and what is met, in part too, names a test', () => {
  const answers = ['met', 'in part', 'not met', 'does not apply']
  for (const { number, level, answer, reason, tests } of lines) {
    expect(answers, number).toContain(answer)
    expect(['1', '2', '3'], number).toContain(level)
    if (answer === 'met' || answer === 'in part') expect(tests.length, number).toBeGreaterThan(0)
    else expect(tests, number).toEqual([])
    if (answer !== 'met') expect(reason.length, number).toBeGreaterThan(20)
  }
  const count = (wanted: string) => lines.filter(({ answer }) => answer === wanted).length
  expect(list).toContain(
    `Of ${lines.length} requirements ${count('met')} are met, ${count('in part')} in part, ${count('not met')} is not, and ${count('does not apply')} ask`,
  )
})

test('every test that the list names is there by that name, and is not left out', () => {
  const named = lines.flatMap(({ number, tests }) => tests.map((each) => ({ number, ...each })))
  expect(named.length).toBeGreaterThan(80)
  for (const { number, file, name } of named) {
    const { names, leftOut } = testsOf(file)
    expect(names, `${number}: ${file}`).toContain(name)
    expect(leftOut, `${number}: ${file}`).not.toContain(name)
  }
  // It names in two code spans what it names at all.
  const cells = lines.reduce((sum, { tests }) => sum + tests.length, 0)
  expect(list.match(/`test\/[^`]+\.test\.ts` `/g)).toHaveLength(cells)
})

test('a test that is not there, or is left out, is found out', () => {
  const { names, leftOut } = testsOf('test/console/sign-in.test.ts')
  expect(names).toContain('takes a token for a session, and keeps the token nowhere in the browser')
  expect(names).not.toContain('takes a token')
  expect(leftOut).toEqual([])
})

test('the calls that open a session are those of the ways that the document lists', () => {
  const [, ways = ''] = /^## Ways in\n(.+?)^## /ms.exec(list) ?? []
  const listed = new Set([...ways.matchAll(/`([A-Z]+ \/v1\/[^`]+)`/g)].map(([, call = '']) => call))
  const { paths, components } = openApiDocument(routes) as unknown as {
    paths: Record<string, Record<string, { responses: object }>>
    components: { schemas: Record<string, object> }
  }
  const reached = (value: object): string => {
    const text = JSON.stringify(value)
    const names = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name = '']) => name)
    return text + names.map((name) => reached(components.schemas[name] as object)).join()
  }
  // Whoever is told the value of a page is signed in.
  const opening = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { responses }]) => responses && reached(responses).includes('"page_value"'))
      .map(([method]) => `${method.toUpperCase()} ${path}`),
  )
  expect([...listed].sort()).toEqual(opening.sort())
  expect(listed.size).toBe(4)
})

test('the bounds that the documents tell of are those of the code', () => {
  const hour = 60 * 60_000
  const says = (path: string, ...texts: string[]) => {
    const text = read(path)
    for (const each of texts) expect(text.includes(each), `${path}: ${each}`).toBe(true)
  }
  const { signInCallsAMinute: calls, maxSignIns, maxSessionMs, maxIdleMs, freshMs, signInMs } = bounds
  expect([maxIdleMs, freshMs, signInMs]).toEqual([hour, 10 * 60_000, 10 * 60_000])
  says(
    'docs/explain/asvs.md',
    `${calls} calls a minute from an address`,
    `${bounds.invitationMs / hour} hours and once`,
    `${bounds.maxPendingInvitations} pending ones an organization`,
    `${maxSignIns} sign-ins a minute a key`,
  )
  says(
    'docs/guides/sessions.md',
    `- ${maxSessionMs / hour} hours after it began`,
    '- an hour after it was last seen',
    `more than ${bounds.maxSessionsOfKey} sessions`,
    `at most ${maxSignIns} times a minute`,
    'a sign-in of the last ten minutes',
  )
  says(
    'docs/guides/sign-in.md',
    `makes ${calls} calls of sign-ins a minute`,
    `ends ${maxSessionMs / hour} hours after it began, or an hour after it was last seen`,
    `at most ${bounds.maxSessionsOfIdentity} sessions`,
    'a sign-in of the last ten minutes',
    'sealed in a cookie of its own, for ten minutes',
  )
})
