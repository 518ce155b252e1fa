// `latchkey orgs …`: the operator's customers.
import { Option } from 'commander'
import type { Organization } from '../../core/shapes/organizations.ts'
import { serverOrDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { defineList } from '../kit/define-list.ts'
import { formatFields, print, quote } from '../kit/output.ts'
import { type Column, printTable } from '../kit/table.ts'
import { formatAgo, formatInstant } from '../kit/times.ts'
import { describeApplied, suspensionFields } from './key-views.ts'
import { limitFields } from './limit-views.ts'
import { addUnitsCommand, limitsCommand, noLimitsOption, removedLimits, withPlanLimits } from './limits.ts'

const shapes = () => import('../../core/shapes/organizations.ts')
const id = { id: 'the id of the organization' }

const columns: Column<Organization>[] = [
  { heading: 'ID', value: ({ id }) => id },
  { heading: 'NAME', value: ({ name }) => name, shrinks: true },
  { heading: 'CREATED', value: ({ createdAt }) => formatAgo(createdAt, Date.now()), leaves: 1 },
]

export const organizationCommands = [
  defineCommand({
    path: 'orgs create',
    summary: 'create an organization, which then owns keys',
    on: serverOrDatabase,
    arguments: { id: 'your own id for it: 1 to 128 of A-Z a-z 0-9 _ . - (default: a new UUID)' },
    optional: 'id',
    shape: async () => (await shapes()).createOrganizationSchema,
    texts: {
      limits: 'how much all of its keys together may draw (repeatable)',
      plan: 'the name of its plan',
    },
    examples: [
      'latchkey orgs create acme --name "Acme Inc."',
      'latchkey orgs create acme --name "Acme Inc." --limit credits=10000/month',
    ],
    makes: true,
    run: ({ organizations }, { input, once }) => organizations.create(input, once),
    print: printOrganization,
  }),
  defineList({
    path: 'orgs list',
    summary: 'list organizations, newest first',
    shape: async () => (await shapes()).listOrganizationsSchema,
    texts: {
      q: 'only organizations whose name or id contains this text',
      limit: 'maximum number of results (default: 1000)',
    },
    examples: ['latchkey orgs list --all --json', 'latchkey orgs list --query acme'],
    read: ({ organizations }, input) => organizations.list(input),
    none: 'No organizations.',
    print: (items, isWide) => printTable(columns, items, { isWide }),
  }),
  defineCommand({
    path: 'orgs get',
    summary: 'show an organization',
    on: serverOrDatabase,
    arguments: id,
    examples: ['latchkey orgs get acme'],
    run: ({ organizations }, { args }) => organizations.get(args.id),
    print: printOrganization,
  }),
  defineCommand({
    path: 'orgs update',
    summary: 'change the given fields and keep the rest',
    on: serverOrDatabase,
    arguments: id,
    shape: async () => (await shapes()).updateOrganizationSchema,
    texts: {
      limits: 'how much all of its keys together may draw; replaces the current list (repeatable)',
      plan: 'the name of its plan',
      grantablePermissions: 'what its members may grant; replaces the current list (repeatable)',
      signIn: 'by what its members sign in: any, or provider',
    },
    options: [noLimitsOption(), new Option('--no-plan', 'take the organization off its plan')],
    wait: true,
    edits: true,
    examples: [
      'latchkey orgs update acme --name "Acme Ltd."',
      'latchkey orgs update acme --limit requests=1000/1m --wait',
    ],
    run: ({ organizations }, { args, input, options, wait }) => {
      const plan = options.plan === false ? { plan: null } : {}
      return organizations.update(args.id, { ...input, ...plan, ...removedLimits(options) }, wait)
    },
    print: (organization) => {
      printOrganization(organization)
      print(...describeApplied(organization.applied))
    },
  }),
  defineCommand({
    path: 'orgs suspend',
    summary: 'refuse all keys of an organization until it is resumed, and hold its webhooks',
    on: serverOrDatabase,
    arguments: id,
    shape: async () => (await import('../../core/shapes/key-changes.ts')).suspendSchema,
    texts: { reason: 'why, for people' },
    wait: true,
    edits: true,
    confirm:
      ({ args }) =>
      async ({ organizations }) => {
        const { name } = await organizations.get(args.id)
        return `Suspend ${quote(name)} (${args.id}) and all of its keys?`
      },
    examples: ['latchkey orgs suspend acme --reason "Unpaid invoice" --wait'],
    run: ({ organizations }, { args, input, wait }) => organizations.suspend(args.id, input, wait),
    print: ({ applied }, { args }) =>
      print(`Suspended the organization ${args.id}.`, ...describeApplied(applied)),
  }),
  defineCommand({
    path: 'orgs resume',
    summary: 'resume a suspended organization',
    on: serverOrDatabase,
    arguments: id,
    wait: true,
    edits: true,
    examples: ['latchkey orgs resume acme'],
    run: ({ organizations }, { args, wait }) => organizations.resume(args.id, wait),
    print: ({ applied }, { args }) =>
      print(`Resumed the organization ${args.id}.`, ...describeApplied(applied)),
  }),
  limitsCommand({
    path: 'orgs limits',
    summary: 'show the limits of an organization, and what is left of them',
    arguments: id,
    examples: ['latchkey orgs limits acme'],
    read: async ({ organizations }, { id }) => withPlanLimits(await organizations.get(id)),
  }),
  addUnitsCommand({
    path: 'orgs add-units',
    summary: 'add units to a quota of an organization, for its current period',
    arguments: id,
    examples: ['latchkey orgs add-units acme credits 500 --reference "payment 4711"'],
    add: ({ organizations }) => organizations.addUnits,
  }),
]

function printOrganization(organization: Organization): void {
  const { id, name, createdAt, plan, grantablePermissions, signIn, revision } = organization
  print(
    ...formatFields([
      ['Id', id],
      ['Name', name],
      ['Created', formatInstant(createdAt, Date.now())],
      ['Plan', plan ?? 'none'],
      ['Members may grant', grantablePermissions.join(', ') || 'nothing'],
      ['Members sign in', signIn === 'any' ? 'in any way' : 'by a provider alone'],
      ...suspensionFields(organization),
      ...limitFields(organization),
      ['Revision', revision],
    ]),
  )
}
