// Stands in for Vitest while mutants are tried: defines and runs the tests of a file in this process, again and again
// without starting or compiling anything anew. `expect` is Vitest's own.
import { setTimeout as wait } from 'node:timers/promises'
import { format } from 'node:util'
import { expect as expectOnce } from 'vitest'

export { expectTypeOf, vi } from 'vitest'

type Work = (context: { onTestFinished: typeof onTestFinished }) => unknown
type Hook = () => unknown
type Arguments = readonly [name: string, ...(object | number | undefined)[]]

/** Tests that share what is set up around them. */
interface Suite {
  name: string
  parent: Suite | undefined
  isLeftOut: boolean
  hooks: Record<'beforeAll' | 'afterAll' | 'beforeEach' | 'afterEach', Hook[]>
  parts: (Suite | Case)[]
}

/** One test. */
export interface Case {
  /** Its full name, with a number where others have the same. */
  name: string
  suite: Suite
  work: Work
}

let suite = newSuite('', undefined, false)
let cases: Case[] = []
let endings: Hook[] = []
const provided = new Map<string, unknown>()

function newSuite(name: string, parent: Suite | undefined, isLeftOut: boolean): Suite {
  const hooks = { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] }
  return { name, parent, isLeftOut, hooks, parts: [] }
}

function fullName(parent: Suite, name: string): string {
  return parent.parent === undefined ? name : `${fullName(parent.parent, parent.name)} > ${name}`
}

function defineTest(isLeftOut: boolean, [name, ...rest]: Arguments): void {
  const work = rest.find((part) => typeof part === 'function') as Work | undefined
  if (work === undefined || isLeftOut || suite.isLeftOut) return
  const plain = fullName(suite, name)
  const same = cases.filter((each) => each.name === plain || each.name.startsWith(`${plain} #`)).length
  const one = { name: same === 0 ? plain : `${plain} #${same + 1}`, suite, work }
  cases.push(one)
  suite.parts.push(one)
}

function defineSuite(isLeftOut: boolean, [name, ...rest]: Arguments): void {
  const outer = suite
  suite = newSuite(name, outer, isLeftOut || outer.isLeftOut)
  outer.parts.push(suite)
  try {
    ;(rest.find((part) => typeof part === 'function') as Hook)()
  } finally {
    suite = outer
  }
}

type Define = (isLeftOut: boolean, args: Arguments) => void

function makeApi(define: Define, isLeftOut = false): object {
  const api = (...args: Arguments) => define(isLeftOut, args)
  const each =
    (rows: readonly unknown[]) =>
    (name: string, ...rest: object[]) => {
      for (const row of rows) {
        const values = Array.isArray(row) ? row : [row]
        const work = rest.find((part) => typeof part === 'function') as (...values: unknown[]) => unknown
        define(isLeftOut, [fill(name, values), () => work(...values)])
      }
    }
  const skipIf = (condition: unknown) => (condition ? makeApi(define, true) : api)
  return Object.assign(api, { each, skipIf, concurrent: Object.assign(api, { each, skipIf }) })
}

/** The name of one of many, as Vitest fills it in. */
function fill(name: string, values: readonly unknown[]): string {
  const places = name.match(/%[sdijo]/g)?.length ?? 0
  const first = values[0] as Record<string, unknown>
  return format(name, ...values.slice(0, places)).replace(/\$(\w+)/g, (all, field) =>
    typeof first === 'object' && first !== null && field in first ? String(first[field]) : all,
  )
}

export const test = makeApi(defineTest)
export const describe = makeApi(defineSuite)
export const beforeAll = (hook: Hook) => void suite.hooks.beforeAll.push(hook)
export const afterAll = (hook: Hook) => void suite.hooks.afterAll.push(hook)
export const beforeEach = (hook: Hook) => void suite.hooks.beforeEach.push(hook)
export const afterEach = (hook: Hook) => void suite.hooks.afterEach.push(hook)
export const onTestFinished = (hook: Hook) => void endings.push(hook)
export const inject = (name: string) => provided.get(name)
export const provide = (name: string, value: unknown) => void provided.set(name, value)
export const expect: typeof expectOnce = Object.assign(
  (...args: Parameters<typeof expectOnce>) => expectOnce(...args),
  expectOnce,
  { poll },
)

/** Asks again and again until it is as expected. */
function poll(read: () => unknown, { timeout = 1_000, interval = 50 } = {}): unknown {
  const retry = (path: readonly string[]) =>
    new Proxy(() => {}, {
      get: (_, name) => (name === 'then' ? undefined : retry([...path, String(name)])),
      apply: async (_, __, args: unknown[]) => {
        for (const end = performance.now() + timeout; ; await wait(interval)) {
          try {
            let matcher: unknown = expectOnce(await read())
            for (const name of path.slice(0, -1)) matcher = (matcher as Record<string, unknown>)[name]
            return (matcher as Record<string, (...args: unknown[]) => unknown>)[path.at(-1) as string]?.(
              ...args,
            )
          } catch (error) {
            if (performance.now() > end) throw error
          }
        }
      },
    })
  return retry([])
}

/** Loads a test file anew and gives its tests. */
export async function collect(url: string): Promise<{ root: Suite; cases: readonly Case[] }> {
  suite = newSuite('', undefined, false)
  cases = []
  const root = suite
  await import(url)
  return { root, cases }
}

/** What is told of a run. */
export interface Watching {
  isWanted(one: Case): boolean
  /** Wraps the work of one test, with what is done before and after it alone. */
  around(one: Case, run: () => Promise<void>): Promise<void>
}

/** Runs those tests of a suite that are wanted, one after the other; throws the first failure after cleaning up. */
export async function runSuite(part: Suite, watching: Watching): Promise<void> {
  if (!hasWanted(part, watching)) return
  const cleanups: Hook[] = [...part.hooks.afterAll].reverse()
  await endWith(cleanups, async () => {
    for (const hook of part.hooks.beforeAll) {
      const cleanup = await hook()
      if (typeof cleanup === 'function') cleanups.push(cleanup as Hook)
    }
    for (const inner of part.parts) {
      if ('parts' in inner) await runSuite(inner, watching)
      else if (watching.isWanted(inner)) await watching.around(inner, () => runCase(inner))
    }
  })
}

function hasWanted(part: Suite, watching: Watching): boolean {
  return part.parts.some((inner) =>
    'parts' in inner ? hasWanted(inner, watching) : watching.isWanted(inner),
  )
}

async function runCase({ suite: own, work }: Case): Promise<void> {
  const around: Suite[] = []
  for (let each: Suite | undefined = own; each; each = each.parent) around.unshift(each)
  endings = []
  const cleanups = around.flatMap(({ hooks }) => hooks.afterEach).reverse()
  await endWith(cleanups, async () => {
    for (const hook of around.flatMap(({ hooks }) => hooks.beforeEach)) {
      const cleanup = await hook()
      if (typeof cleanup === 'function') cleanups.push(cleanup as Hook)
    }
    try {
      await work({ onTestFinished })
    } finally {
      cleanups.unshift(...endings.reverse())
    }
  })
}

/** Does the work and then, whatever came of it, each of the cleanups; throws what failed first. */
async function endWith(cleanups: Hook[], work: () => Promise<void>): Promise<void> {
  const failures: unknown[] = []
  await work().catch((error: unknown) => failures.push(error))
  for (const cleanup of cleanups) {
    try {
      await cleanup()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}
