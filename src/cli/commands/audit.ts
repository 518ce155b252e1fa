// `latchkey audit …`: who did what, and when.
import { Option } from 'commander'
import type { AuditEvent } from '../../core/shapes/audit.ts'
import { type Connection, serverOrDatabase } from '../kit/connection.ts'
import { type DefinedCommand, defineCommand } from '../kit/define-command.ts'
import { defineList } from '../kit/define-list.ts'
import { printNote } from '../kit/output.ts'
import { type Column, printTable } from '../kit/table.ts'

const columns: Column<AuditEvent>[] = [
  { heading: 'AT', value: ({ at }) => at.toISOString() },
  { heading: 'ACTION', value: ({ action }) => action },
  { heading: 'ORGANIZATION', value: ({ organizationId }) => organizationId, leaves: 3, shrinks: true },
  { heading: 'KEY', value: ({ keyId }) => keyId ?? '', leaves: 2 },
  { heading: 'BY', value: ({ actor, actorType }) => actor ?? actorType, leaves: 1 },
]

export const auditCommands: DefinedCommand[] = [
  defineList({
    path: 'audit list',
    summary: 'list audit events, newest first',
    shape: async () => (await import('../../core/shapes/audit.ts')).listAuditSchema,
    texts: {
      organizationId: 'only events of this organization',
      keyId: 'only changes to this key',
      actor: 'only changes by this key',
      action: 'only this action, such as key.created',
      since: 'from this instant on',
      until: 'before this instant',
      limit: 'maximum number of results (default: 1000)',
    },
    options: [new Option('--csv', 'print CSV that a spreadsheet can open').conflicts('json')],
    examples: [
      'latchkey audit list --organization acme --action key.revoked',
      'latchkey audit list --since 7d --all --csv > audit.csv',
    ],
    read: ({ audit }, input) => audit.list(input),
    none: 'No events.',
    print: (items, isWide) => printTable(columns, items, { isWide }),
    printCsv: async (items) => {
      const { auditWriters } = await import('../../core/audit-file.ts')
      const { head, write } = auditWriters.csv
      process.stdout.write(head + items.map(write).join(''))
    },
  }),
  defineCommand({
    path: 'audit checkpoint',
    summary: 'make a checkpoint of the log as it is now: a note to keep elsewhere',
    on: serverOrDatabase,
    shape: async () => (await import('../../core/shapes/checkpoints.ts')).readCheckpointSchema,
    texts: { organizationId: 'the log of this organization (default: that of all)' },
    examples: ['latchkey audit checkpoint > checkpoint.txt', 'latchkey audit checkpoint --organization acme'],
    run: ({ audit }, { input }) => audit.readCheckpoint(input),
    print: ({ note, isSigned }) => {
      process.stdout.write(note)
      if (!isSigned) printNote('It is not signed: this instance has no keyring.')
    },
  }),
  defineCommand({
    path: 'audit signers',
    summary: 'list who signs checkpoints: the public keys to verify them by',
    on: serverOrDatabase,
    examples: ['latchkey audit signers'],
    run: async ({ audit }: Connection) => ({ signers: await audit.listSigners() }),
    json: ({ signers }) => signers,
    print: ({ signers }) => {
      for (const { verifierKey } of signers) console.log(verifierKey)
      if (signers.length === 0)
        printNote('Nobody signs yet. The first checkpoint makes a key, if there is a keyring.')
    },
  }),
]
