// The programs that tests start as processes of their own. A test run bundles them: they then start in half the CPU time.
import { join } from 'node:path'

/** Each is a file of this folder. */
export const childPrograms = [
  'drawing-child',
  'frozen-child',
  'grace-child',
  'migrating-child',
  'waiting-child',
  'watcher-child',
  'writer-child',
] as const

/** Where a test run has bundled them, and where Node keeps what it has compiled of them. */
interface Bundles {
  folder: string
  compiled: string
}

/** Tells the processes in which tests run, which inherit it. */
export function announceChildren(bundles: Bundles): void {
  process.env.TEST_CHILDREN = JSON.stringify(bundles)
}

/** The path of a program and the variables to start it with. In a program that is run by itself it is the source. */
export function childProgram(name: (typeof childPrograms)[number]): { path: string; env: NodeJS.ProcessEnv } {
  const { TEST_CHILDREN: announced, ...env } = process.env
  if (announced === undefined) return { path: join(import.meta.dirname, `${name}.ts`), env }
  const { folder, compiled }: Bundles = JSON.parse(announced)
  return { path: join(folder, `${name}.js`), env: { ...env, NODE_COMPILE_CACHE: compiled } }
}
