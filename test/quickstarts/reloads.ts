// A development server that loads code again and again keeps one verifier: it is counted on the way to the server.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startApp } from './app.ts'
import type { Quickstart } from './quickstarts.ts'
import { type Stage, sendTo } from './requests.ts'

/** How often a file is changed. */
export const edits = 10
const maxReloadMs = 60_000
const pauseMs = 1_000

/** What a development server has open after its file was changed so often. */
export interface Reloaded {
  /** Streams of changes to the Latchkey server. */
  streams: number
  /** Threads and descriptors of its processes, after the first change and after the last. */
  threads: readonly [number, number]
  descriptors: readonly [number, number]
}

/** Starts an app's development server, changes a file of it, and each time waits for the change to be answered. */
export async function checkReloads(
  { reloads, read = { method: 'GET', path: '/api/emails' } }: Quickstart,
  folder: string,
  env: Record<string, string>,
  { server, proxy }: Stage,
): Promise<Reloaded | undefined> {
  if (reloads === undefined) return undefined
  const { key } = await server.latchkey.keys.create({
    organizationId: 'acme',
    name: 'Reload',
    permissions: ['emails:read'],
  })
  const path = join(folder, reloads.file)
  const text = readFileSync(path, 'utf8')
  const app = await startApp(reloads.command, folder, env)
  try {
    const group = app.process.pid as number
    let first: readonly [number, number] | undefined
    for (let edit = 1; edit <= edits; edit++) {
      // Watchers miss what follows at once upon what they have just told.
      await new Promise((later) => setTimeout(later, pauseMs))
      writeFileSync(path, text.replaceAll('emailsOf', `emailsOf${edit}`))
      const until = performance.now() + maxReloadMs
      for (;;) {
        const answer = await sendTo(app, read, key).catch(() => undefined)
        if (answer?.text.includes(`"emailsOf${edit}"`)) break
        assert.ok(
          performance.now() < until,
          `Change ${edit} is not answered: ${answer?.text}\n${app.printed()}`,
        )
        await new Promise((later) => setTimeout(later, 100))
      }
      first ??= holdings(group)
    }
    const [threads, descriptors] = holdings(group)
    const [firstThreads, firstDescriptors] = first as readonly [number, number]
    const streams = proxy.countOpen('GET /v1/changes HTTP')
    assert.ok(streams <= 1, `${streams} streams are open after ${edits} changes`)
    return { streams, threads: [firstThreads, threads], descriptors: [firstDescriptors, descriptors] }
  } finally {
    writeFileSync(path, text)
    await app.stop()
  }
}

/** How many threads and descriptors the processes of a group have. */
function holdings(group: number): readonly [threads: number, descriptors: number] {
  let [threads, descriptors] = [0, 0]
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      // Behind the name, which may hold anything: state, parent, group.
      if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) !== group) continue
      threads += readdirSync(`/proc/${pid}/task`).length
      descriptors += readdirSync(`/proc/${pid}/fd`).length
    } catch {
      // It has ended.
    }
  }
  return [threads, descriptors]
}
