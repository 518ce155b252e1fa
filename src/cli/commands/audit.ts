// `latchkey audit …`: who did what, and when.
import { type Command, Option } from 'commander'
import type { AuditAction, AuditEvent } from '../../core/shapes/audit.ts'
import { addTargetOptions, readPages, type TargetOptions, withConnection } from '../kit/connection.ts'
import { addExamples, given, readCount } from '../kit/options.ts'
import { formatTable, print, printJson, printNote } from '../kit/output.ts'
import { readPast } from '../kit/times.ts'

interface ListOptions extends TargetOptions {
  organization?: string
  key?: string
  actor?: string
  action?: AuditAction
  since?: string
  until?: string
  csv?: boolean
  limit?: number
  all?: boolean
}

export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').description('read the audit log')
  const command = audit
    .command('list')
    .description('list what was done, newest first')
    .option('--organization <id>', 'only what was done in this organization')
    .option('--key <id>', 'only what was done to this key')
    .option('--actor <id>', 'only what this key did')
    .option('--action <action>', 'only this, such as key.created')
    .option('--since <when>', 'from an instant on (RFC 3339), or a length such as 24h or 7d ago')
    .option('--until <when>', 'before an instant, or a length ago')
    .option('--limit <count>', 'at most so many (default: 100)', readCount)
    .option('--all', 'every one, however many')
    .addOption(new Option('--csv', 'print CSV that a spreadsheet can open').conflicts('json'))
  addTargetOptions(command).action(async (options: ListOptions) => {
    const { organization: organizationId, key: keyId, actor, action } = options
    const since = readPast('--since', options.since)
    const until = readPast('--until', options.until)
    const filter = given({ organizationId, keyId, actor, action, since, until })
    await withConnection(options, async (latchkey) => {
      const { items, more } = await readPages(options, (page) => latchkey.audit.list({ ...filter, ...page }))
      if (options.csv) return printCsv(items)
      if (options.json) return printJson(items)
      if (items.length === 0) return printNote('No events.')
      print(...formatTable(['AT', 'ACTION', 'ORGANIZATION', 'KEY', 'BY'], items.map(toRow)))
      if (more) printNote('There are more: see them with --all.')
    })
  })
  addExamples(
    command,
    'latchkey audit list --organization acme --action key.revoked',
    'latchkey audit list --since 7d --all --csv > audit.csv',
  )
}

async function printCsv(events: readonly AuditEvent[]): Promise<void> {
  // Loaded only here: it brings every shape there is.
  const { head, write } = (await import('../../core/audit-file.ts')).auditWriters.csv
  process.stdout.write(head + events.map(write).join(''))
}

function toRow({ at, action, organizationId, keyId, actor }: AuditEvent): string[] {
  return [at.toISOString(), action, organizationId, keyId ?? '', actor ?? 'database']
}
