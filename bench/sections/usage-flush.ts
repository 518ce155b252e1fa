// How far behind the counts of a process are that verifies 10,000 keys as fast as it can, and what its callers notice of it.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { createDatabase, fillDatabase, tokenOf } from '../dataset.ts'
import { type LoadRequest, loader, loadServer } from '../load.ts'
import { serverCore, startLatchkey } from '../processes.ts'
import { type Bar, type Figure, type Findings, ratiosOf, takeTurns } from '../rounds.ts'
import type { Settings } from '../settings.ts'
import { databaseKinds } from '../stored.ts'
import { placedRequest } from './usage-verify.ts'

/** Keys that are used between two flushes, and when a process is quiet. */
const activeKeys = 10_000
const quietKeys = 64
/** The interval of flushes is ten seconds: such a load meets two of them, and one that is shorter may meet none. */
const leastSeconds = 21
const quietSeconds = 5

export async function measureUsageFlush(settings: Settings): Promise<Findings> {
  const figures: Figure[] = []
  const bars: Bar[] = []
  for (const kind of databaseKinds) {
    const found = await measureKind(settings, kind)
    figures.push(...found.figures)
    bars.push(...found.bars)
  }
  return {
    title: 'Flushes of counts under full load',
    figures,
    bars,
    notes: [
      `\`${loader}\` with 64 connections asks about ${activeKeys.toLocaleString('en')} keys in turn, each from an address of its own, as fast as it is answered, for ${leastSeconds} s: two flushes. A flush writes the counts, the profiles and the last use of each of them, in batches; it begins with what was counted until then, so its length is how far behind the database is. Alone: the same load on ${quietKeys} keys, whose flush is a single batch.`,
    ],
  }
}

async function measureKind({ folder, postgresUrl, rounds, quick }: Settings, kind: string) {
  const database =
    kind === 'SQLite' ? `sqlite:${join(folder, 'flush.db')}` : await createDatabase(postgresUrl, 'flush')
  await fillDatabase(database, activeKeys)
  const times = join(folder, `flush-times-${kind}`)
  const env = {
    NODE_OPTIONS: `--import=${join(import.meta.dirname, '../preloads/flush-times.ts')}`,
    FLUSH_TIMES: times,
  }
  await using server = await startLatchkey(database, {
    core: serverCore,
    log: join(folder, 'flush.log'),
    env,
  })
  const requests = Array.from({ length: activeKeys }, (_, i) => placedRequest(tokenOf(i), i))
  const longest: number[] = []
  const p99 = async (some: readonly LoadRequest[], seconds: number) => {
    rmSync(times, { force: true })
    return (await loadServer(server.url, some, seconds)).p99Ms
  }
  const values = await takeTurns(rounds, {
    quiet: () => p99(requests.slice(0, quietKeys), quick ? 1 : quietSeconds),
    flushing: async () => {
      const value = await p99(requests, quick ? 11 : leastSeconds)
      longest.push(Math.max(...(await readTimes(times))))
      return value
    },
  })
  longest.shift()
  const ratios = ratiosOf(values.flushing, values.quiet)
  const load = `POST verify at full load, ${activeKeys.toLocaleString('en')} keys`
  const figures: Figure[] = [
    { what: `${kind}: p99 of POST verify at full load, ${quietKeys} keys`, unit: 'ms', values: values.quiet },
    {
      what: `${kind}: p99 of ${load}`,
      unit: 'ms',
      values: values.flushing,
      beside: { what: 'alone', ratios },
    },
    { what: `${kind}: the longest flush`, unit: 'ms', values: longest },
  ]
  const bars: Bar[] = [
    {
      what: `Flush of ${activeKeys.toLocaleString('en')} active keys on ${kind}, at full load`,
      promised: 'at most 2 s behind',
      beside: 'no floor',
      sense: 'at most',
      bound: 2_000,
      unit: 'ms',
      values: longest,
    },
    {
      what: `p99 of warm verification over HTTP at full load, ${activeKeys.toLocaleString('en')} keys flushed, ${kind}`,
      promised: 'at most 2 times',
      beside: `the p99 at full load on ${quietKeys} keys`,
      sense: 'at most',
      bound: 2,
      unit: '×',
      values: ratios,
    },
  ]
  return { figures, bars }
}

/** How long each flush took since the file was deleted; of one that is under way after the load, its end is awaited. */
async function readTimes(path: string): Promise<number[]> {
  while (!existsSync(path)) await setTimeout(100)
  return readFileSync(path, 'utf8').trim().split('\n').map(Number)
}
