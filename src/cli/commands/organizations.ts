// `latchkey orgs …`: the operator's customers.
import type { Organization } from '../../core/shapes/organizations.ts'
import { serverOrDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { defineList } from '../kit/define-list.ts'
import { formatFields, print } from '../kit/output.ts'
import { type Column, printTable } from '../kit/table.ts'
import { formatAgo, formatInstant } from '../kit/times.ts'

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
    examples: ['latchkey orgs create acme --name "Acme Inc."'],
    run: ({ organizations }, { input }) => organizations.create(input),
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
    summary: 'rename an organization',
    on: serverOrDatabase,
    arguments: id,
    shape: async () => (await shapes()).updateOrganizationSchema,
    examples: ['latchkey orgs update acme --name "Acme Ltd."'],
    run: ({ organizations }, { args, input }) => organizations.update(args.id, input),
    print: printOrganization,
  }),
]

function printOrganization({ id, name, createdAt }: Organization): void {
  print(
    ...formatFields([
      ['Id', id],
      ['Name', name],
      ['Created', formatInstant(createdAt, Date.now())],
    ]),
  )
}
