// `latchkey plans …`: limits and permissions that organizations share.
import { Option } from 'commander'
import type { PlainLimit } from '../../core/shapes/limits.ts'
import type { Plan, PlanDetails } from '../../core/shapes/plans.ts'
import { serverOrDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { defineList } from '../kit/define-list.ts'
import { formatLimit } from '../kit/limits.ts'
import { formatFields, print, quote } from '../kit/output.ts'
import { type Column, printTable } from '../kit/table.ts'
import { formatAgo, formatInstant } from '../kit/times.ts'
import { describeApplied } from './key-views.ts'
import { noLimitsOption, removedLimits } from './limits.ts'

const shapes = () => import('../../core/shapes/plans.ts')
const name = { name: 'the name of the plan' }
const texts = {
  permissions: 'all that keys of its organizations may do, such as emails:* (repeatable; default: no bound)',
  limits: 'how much all keys of an organization together may draw (repeatable)',
  keyLimits: 'how much each key may draw (repeatable)',
}

const columns: Column<Plan>[] = [
  { heading: 'NAME', value: ({ name }) => name },
  { heading: 'LIMITS', value: ({ limits }) => describeGiven(limits), shrinks: true },
  { heading: 'KEY LIMITS', value: ({ keyLimits }) => describeGiven(keyLimits), shrinks: true },
  { heading: 'PERMISSIONS', value: ({ permissions }) => describePermissions(permissions), leaves: 2 },
  { heading: 'CREATED', value: ({ createdAt }) => formatAgo(createdAt, Date.now()), leaves: 1 },
]

export const planCommands = [
  defineCommand({
    path: 'plans create',
    summary: 'create a plan, which organizations then may be on',
    on: serverOrDatabase,
    arguments: { name: '1 to 32 lower-case letters, digits and _, such as pro' },
    shape: async () => (await shapes()).createPlanSchema,
    texts,
    examples: [
      'latchkey plans create starter --key-limit requests=100/1m --limit credits=10000/month',
      'latchkey plans create free --permission emails:send',
    ],
    makes: true,
    run: ({ plans }, { input, once }) => plans.create(input, once),
    print: printPlan,
  }),
  defineList({
    path: 'plans list',
    summary: 'list plans, by their names',
    shape: async () => (await shapes()).listPlansSchema,
    texts: { limit: 'maximum number of results (default: 1000)' },
    examples: ['latchkey plans list', 'latchkey plans list --all --json'],
    read: ({ plans }, input) => plans.list(input),
    none: 'No plans.',
    print: (items, isWide) => printTable(columns, items, { isWide }),
  }),
  defineCommand({
    path: 'plans get',
    summary: 'show a plan, and how many organizations are on it',
    on: serverOrDatabase,
    arguments: name,
    examples: ['latchkey plans get starter'],
    run: ({ plans }, { args }) => plans.get(args.name),
    print: printPlan,
  }),
  defineCommand({
    path: 'plans update',
    summary: 'change the given fields for all organizations of a plan, and keep the rest',
    on: serverOrDatabase,
    arguments: name,
    shape: async () => (await shapes()).updatePlanSchema,
    texts: {
      permissions: 'all that keys of its organizations may do; replaces the current list (repeatable)',
      limits:
        'how much all keys of an organization together may draw; replaces the current list (repeatable)',
      keyLimits: 'how much each key may draw; replaces the current list (repeatable)',
    },
    options: [
      new Option('--no-permissions', 'let keys do nothing of your own').conflicts([
        'permission',
        'anyPermission',
      ]),
      noLimitsOption(),
      new Option('--no-key-limits', 'remove all limits of each key').conflicts('keyLimit'),
      new Option('--any-permission', 'remove the bound of what keys may do').conflicts('permission'),
    ],
    wait: true,
    edits: true,
    examples: [
      'latchkey plans update starter --key-limit requests=500/1m --wait',
      'latchkey plans update free --any-permission',
    ],
    run: ({ plans }, { args, input, options, wait }) =>
      plans.update(
        args.name,
        {
          ...input,
          ...removedLimits(options),
          ...(options.keyLimits === false && { keyLimits: [] }),
          ...(options.permissions === false && { permissions: [] }),
          ...(options.anyPermission === true && { permissions: null }),
        },
        wait,
      ),
    print: (plan) => {
      printPlan(plan)
      print(...describeApplied(plan.applied))
    },
  }),
  defineCommand({
    path: 'plans delete',
    summary: 'delete a plan on which no organization is',
    on: serverOrDatabase,
    arguments: name,
    wait: true,
    edits: true,
    confirm:
      ({ args }) =>
      async ({ plans }) => {
        const { name, organizations } = await plans.get(args.name)
        return `Delete the plan ${quote(name)}, on which ${countOrganizations(organizations)}, permanently?`
      },
    examples: ['latchkey plans delete starter --yes'],
    run: async ({ plans }, { args, wait }) => ({ success: true, ...(await plans.delete(args.name, wait)) }),
    print: ({ applied }, { args }) => print(`Deleted the plan ${args.name}.`, ...describeApplied(applied)),
  }),
]

function printPlan(plan: Plan | PlanDetails): void {
  const { name, limits, keyLimits, permissions, createdAt, revision } = plan
  print(
    ...formatFields([
      ['Name', name],
      ['Limits', describeGiven(limits)],
      ['Key limits', describeGiven(keyLimits)],
      ['Permissions', describePermissions(permissions)],
      ...('organizations' in plan ? [['Organizations', String(plan.organizations)] as const] : []),
      ['Created', formatInstant(createdAt, Date.now())],
      ['Revision', revision],
    ]),
  )
}

function describeGiven(limits: readonly PlainLimit[]): string {
  return limits.map(formatLimit).join(', ') || 'none'
}

/** Null is no bound; an empty list lets keys do nothing but what is Latchkey's own. */
function describePermissions(permissions: readonly string[] | null): string {
  if (permissions === null) return 'no bound'
  return permissions.join(', ') || 'none'
}

function countOrganizations(count: number): string {
  return count === 1 ? '1 organization is' : `${count === 0 ? 'no' : count} organizations are`
}
