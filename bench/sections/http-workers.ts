// Two processes against one, Latchkey's and the bare server's, in the same run. The load shares the processors with them.
import { join } from 'node:path'
import { type LoadRequest, loadMeasured } from '../load.ts'
import { type ServerProcess, startLatchkey, startOther } from '../processes.ts'
import { type Bar, type Figure, ratiosOf, takeTurns } from '../rounds.ts'
import type { BareOrder } from '../servers/bare-order.ts'
import type { Settings } from '../settings.ts'

/** Measures what a second process gains, and what a request costs then. */
export async function measureWorkers(
  { rounds, loadSeconds, folder }: Settings,
  database: string,
  requests: readonly LoadRequest[],
  order: BareOrder,
): Promise<{ figures: Figure[]; bars: Bar[] }> {
  const log = join(folder, 'workers.log')
  await using one = await startLatchkey(database, { log }, ['--workers', '1'])
  await using two = await startLatchkey(database, { log }, ['--workers', '2'])
  await using bareOne = await startOther('bare', [JSON.stringify(order)], {})
  await using bareTwo = await startOther('bare', [JSON.stringify({ ...order, workers: 2 })], {})
  const contestants = { one, two, bareOne, bareTwo }
  type Name = keyof typeof contestants
  const spent: Record<Name, number[]> = { one: [], two: [], bareOne: [], bareTwo: [] }
  const load = (name: Name, server: ServerProcess) => async () => {
    const { microseconds, requestsPerSecond } = await loadMeasured(server, requests, loadSeconds)
    spent[name].push(microseconds)
    return requestsPerSecond
  }
  const rates = await takeTurns(rounds, {
    one: load('one', one),
    two: load('two', two),
    bareOne: load('bareOne', bareOne),
    bareTwo: load('bareTwo', bareTwo),
  })
  for (const name of Object.keys(spent) as Name[]) spent[name].shift()
  const gain = ratiosOf(rates.two, rates.one)
  const bareGain = ratiosOf(rates.bareTwo, rates.bareOne)
  const whats: Record<Name, string> = {
    one: 'POST /v1/keys/verify, one worker',
    two: 'POST /v1/keys/verify, two workers',
    bareOne: 'node:http, one process',
    bareTwo: 'node:http, two processes',
  }
  const figures = (names: [Name, Name]): Figure[] =>
    [
      { unit: 'requests a second', from: rates, suffix: 'any processor' },
      { unit: 'µs a request', from: spent, suffix: 'any processor, processor time' },
    ].flatMap(({ unit, from, suffix }) => [
      { what: `${whats[names[0]]}, ${suffix}`, unit, values: from[names[0]] },
      {
        what: `${whats[names[1]]}, ${suffix}`,
        unit,
        values: from[names[1]],
        beside: { what: whats[names[0]], ratios: ratiosOf(from[names[1]], from[names[0]]) },
      },
    ])
  return {
    figures: [...figures(['bareOne', 'bareTwo']), ...figures(['one', 'two'])],
    bars: [
      {
        what: 'Two workers, verifications a second beside one',
        promised: 'at least 0.8 of what a second process gains the floor',
        beside: 'two processes of bare `node:http` beside one',
        sense: 'at least',
        bound: 0.8,
        unit: '',
        values: ratiosOf(gain, bareGain),
      },
      {
        what: 'Two workers, processor time a request',
        promised: 'no more than one worker',
        beside: 'one worker',
        sense: 'at most',
        bound: 1,
        unit: '×',
        values: ratiosOf(spent.two, spent.one),
      },
    ],
  }
}
