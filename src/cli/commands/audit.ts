// `latchkey audit …`: who did what, and when.
import { Option } from 'commander'
import type { AuditEvent } from '../../core/shapes/audit.ts'
import { defineList } from '../kit/define-list.ts'
import { type Column, printTable } from '../kit/table.ts'

const columns: Column<AuditEvent>[] = [
  { heading: 'AT', value: ({ at }) => at.toISOString() },
  { heading: 'ACTION', value: ({ action }) => action },
  { heading: 'ORGANIZATION', value: ({ organizationId }) => organizationId, leaves: 3, shrinks: true },
  { heading: 'KEY', value: ({ keyId }) => keyId ?? '', leaves: 2 },
  { heading: 'BY', value: ({ actor, actorType }) => actor ?? actorType, leaves: 1 },
]

export const auditCommands = [
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
]
