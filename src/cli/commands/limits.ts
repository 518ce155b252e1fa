// `latchkey keys limits`, `latchkey orgs add-units` and their like: what keys and organizations have in common.
import { Option } from 'commander'
import type { Changed, WaitOptions } from '../../core/shapes/calls.ts'
import type { AddUnitsInput, LimitInput, LimitState } from '../../core/shapes/limits.ts'
import { type Connection, serverOrDatabase } from '../kit/connection.ts'
import { type DefinedCommand, defineCommand } from '../kit/define-command.ts'
import { readAdded } from '../kit/limits.ts'
import { print, printNote } from '../kit/output.ts'
import { printTable } from '../kit/table.ts'
import { describeApplied } from './key-views.ts'
import { limitColumns } from './limit-views.ts'

interface OwnerCommand {
  path: string
  summary: string
  arguments: { id: string }
  examples: readonly [string, ...string[]]
}

/** `--no-limits`, which removes what `--limit` sets. */
export function noLimitsOption(): Option {
  return new Option('--no-limits', 'remove all limits').conflicts('limit')
}

/** What `--no-limits` changes. */
export function removedLimits({ limits }: Readonly<Record<string, unknown>>): { limits?: LimitInput[] } {
  return limits === false ? { limits: [] } : {}
}

/** Its own limits, and behind them those of its plan. */
export function withPlanLimits(
  owner: { limits: LimitState[]; planLimits?: LimitState[] | undefined },
  ifNone?: string,
): Shown {
  return { limits: owner.limits, planLimits: owner.planLimits ?? [], ifNone }
}

/** The limits of an owner, by where they come from. */
interface Shown {
  limits: LimitState[]
  planLimits: LimitState[]
  /** What to read on if it has none. */
  ifNone?: string | undefined
}

/** Defines the command that shows the limits of an owner. */
export function limitsCommand({
  read,
  ...texts
}: OwnerCommand & {
  read(connection: Connection, args: { id: string }): Promise<Shown>
}): DefinedCommand {
  return defineCommand({
    ...texts,
    on: serverOrDatabase,
    run: (connection, { args }) => read(connection, args),
    json: ({ limits, planLimits }) => [...limits, ...planLimits],
    print: ({ limits, planLimits, ifNone }) => {
      const all = [...limits, ...planLimits]
      if (all.length === 0) return printNote(['No limits.', ifNone].filter(Boolean).join(' '))
      printTable(limitColumns(Date.now(), planLimits), all)
    },
  })
}

type AddUnits = <Given extends WaitOptions>(
  id: string,
  name: string,
  input: AddUnitsInput,
  options?: Given,
) => Promise<Changed<LimitState, Given>>

/** Defines the command that adds units to a quota of an owner. */
export function addUnitsCommand({
  add,
  arguments: owner,
  ...texts
}: OwnerCommand & { add(connection: Connection): AddUnits }): DefinedCommand {
  return defineCommand({
    ...texts,
    on: serverOrDatabase,
    arguments: {
      ...owner,
      name: 'the name of the quota',
      units: 'how many units; negative to take them away',
    },
    shape: async () => (await import('../../core/shapes/limits.ts')).addUnitsSchema.pick({ reference: true }),
    texts: {
      reference: 'your own id of what was bought: the same one adds once, however often it is repeated',
    },
    wait: true,
    run: (connection, { args, input, wait }) =>
      add(connection)(args.id, args.name, { add: readAdded(args.units), ...input }, wait),
    print: (limit) => {
      print(`${limit.name}: ${limit.remaining} left.`, ...describeApplied(limit.applied))
    },
  })
}
