// `latchkey permissions …`: the catalogue of what the operator's API knows.
import { Option } from 'commander'
import type { CatalogueEntry } from '../../core/shapes/catalogue.ts'
import { readCatalogueFile } from '../kit/catalogue-file.ts'
import { serverOrDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { print, quote } from '../kit/output.ts'
import { type Column, printTable } from '../kit/table.ts'

const columns: Column<CatalogueEntry>[] = [
  { heading: 'PERMISSION', value: ({ name }) => name },
  { heading: 'GROUP', value: ({ group }) => group ?? '', leaves: 1 },
  { heading: 'DESCRIPTION', value: ({ description }) => description ?? '', shrinks: true },
]

const name = { name: 'the permission, such as emails:send' }

export const permissionCommands = [
  defineCommand({
    path: 'permissions list',
    summary: 'list the catalogue of permissions',
    on: serverOrDatabase,
    examples: ['latchkey permissions list'],
    run: ({ keys }) => keys.listCatalogue(),
    print: (entries) =>
      entries.length === 0 ? print('No permissions.') : printTable(columns, entries, { isWide: false }),
  }),
  defineCommand({
    path: 'permissions set',
    summary: 'add a permission to the catalogue, or describe it anew',
    on: serverOrDatabase,
    arguments: name,
    within: 'permissions[0].',
    options: [
      new Option('--description <text>', 'what it lets a key do, in the words of your API'),
      new Option('--group <text>', 'the heading under which forms show it'),
    ],
    examples: ['latchkey permissions set emails:send --description "Send emails" --group Emails'],
    run: ({ keys }, { args, options: { description, group } }) =>
      keys.describePermissions({
        permissions: [
          {
            name: args.name,
            ...(typeof description === 'string' && { description }),
            ...(typeof group === 'string' && { group }),
          },
        ],
      }),
    print: (entries, { args }) => print(`Described ${args.name}. ${count(entries)}`),
  }),
  defineCommand({
    path: 'permissions remove',
    summary: 'remove a permission from the catalogue; keys keep what they hold',
    on: serverOrDatabase,
    arguments: name,
    examples: ['latchkey permissions remove emails:send'],
    run: ({ keys }, { args }) => keys.describePermissions({ remove: [args.name] }),
    print: (entries, { args }) => print(`Removed ${args.name}. ${count(entries)}`),
  }),
  defineCommand({
    path: 'permissions import',
    summary: 'describe all permissions of a JSON file',
    on: serverOrDatabase,
    arguments: { file: 'a file with a list of { "name", "description", "group" }' },
    options: [new Option('--replace', 'remove all that the file does not name')],
    examples: ['latchkey permissions import permissions.json --replace'],
    notes: 'What `latchkey permissions list --json` prints is such a file.',
    run: async ({ keys }, { args, options }) =>
      keys.describePermissions({
        permissions: await readCatalogueFile(args.file),
        ...(options.replace === true && { replace: true }),
      }),
    print: (entries, { args }) => print(`Imported ${quote(args.file)}. ${count(entries)}`),
  }),
]

function count(entries: readonly CatalogueEntry[]): string {
  return `The catalogue has ${entries.length === 1 ? '1 permission' : `${entries.length} permissions`}.`
}
