// `latchkey orgs …`: the operator's customers.
import type { Command } from 'commander'
import type { Organization } from '../../core/shapes/organizations.ts'
import { addTargetOptions, readPages, type TargetOptions, withConnection } from '../kit/connection.ts'
import { addExamples, given, readCount } from '../kit/options.ts'
import { formatFields, formatTable, print, printJson, printNote } from '../kit/output.ts'
import { formatAgo, formatInstant } from '../kit/times.ts'

export function addOrganizationsCommands(program: Command): void {
  const organizations = program.command('orgs').description('create, list and rename organizations')
  addCreate(organizations)
  addList(organizations)
  addGet(organizations)
  addUpdate(organizations)
}

function addCreate(organizations: Command): void {
  const command = organizations
    .command('create')
    .description('create an organization, which then owns keys')
    .argument('[id]', 'your own id for it: 1 to 128 of A-Z a-z 0-9 _ . - (default: a new UUID)')
    .requiredOption('--name <name>', 'what people call it')
  addTargetOptions(command).action(
    async (id: string | undefined, options: TargetOptions & { name: string }) => {
      await withConnection(options, async (latchkey) => {
        const organization = await latchkey.organizations.create(given({ id, name: options.name }))
        options.json ? printJson(organization) : printOrganization(organization)
      })
    },
  )
  addExamples(command, 'latchkey orgs create acme --name "Acme Inc."')
}

interface ListOptions extends TargetOptions {
  query?: string
  limit?: number
  all?: boolean
}

function addList(organizations: Command): void {
  const command = organizations
    .command('list')
    .description('list organizations, newest first')
    .option('--query <text>', 'only organizations whose name or id holds this')
    .option('--limit <count>', 'at most so many (default: 100)', readCount)
    .option('--all', 'every one, however many')
  addTargetOptions(command).action(async (options: ListOptions) => {
    const filter = given({ q: options.query })
    await withConnection(options, async (latchkey) => {
      const { items, more } = await readPages(options, (page) =>
        latchkey.organizations.list({ ...filter, ...page }),
      )
      if (options.json) return printJson(items)
      if (items.length === 0) return printNote('No organizations.')
      const rows = items.map(({ id, name, createdAt }) => [id, name, formatAgo(createdAt, Date.now())])
      print(...formatTable(['ID', 'NAME', 'CREATED'], rows))
      if (more) printNote('There are more: see them with --all.')
    })
  })
  addExamples(command, 'latchkey orgs list --all --json', 'latchkey orgs list --query acme')
}

function addGet(organizations: Command): void {
  const command = organizations
    .command('get')
    .description('show an organization')
    .argument('<id>', 'the id of the organization')
  addTargetOptions(command).action(async (id: string, options: TargetOptions) => {
    await withConnection(options, async (latchkey) => {
      const organization = await latchkey.organizations.get(id)
      options.json ? printJson(organization) : printOrganization(organization)
    })
  })
  addExamples(command, 'latchkey orgs get acme')
}

function addUpdate(organizations: Command): void {
  const command = organizations
    .command('update')
    .description('rename an organization')
    .argument('<id>', 'the id of the organization')
    .requiredOption('--name <name>', 'what people call it')
  addTargetOptions(command).action(async (id: string, options: TargetOptions & { name: string }) => {
    await withConnection(options, async (latchkey) => {
      const organization = await latchkey.organizations.update(id, { name: options.name })
      options.json ? printJson(organization) : printOrganization(organization)
    })
  })
  addExamples(command, 'latchkey orgs update acme --name "Acme Ltd."')
}

function printOrganization({ id, name, createdAt }: Organization): void {
  print(
    ...formatFields([
      ['Id', id],
      ['Name', name],
      ['Created', formatInstant(createdAt, Date.now())],
    ]),
  )
}
