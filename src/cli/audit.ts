// `latchkey audit …`: who did what, and when.
import type { Command } from 'commander'
import type { AuditAction, AuditEvent } from '../schemas.ts'
import { addTargetOptions, readPages, type TargetOptions, withConnection } from './connection.ts'
import { addExamples, given, readCount } from './options.ts'
import { formatTable, print, printJson, printNote } from './output.ts'

interface ListOptions extends TargetOptions {
  organization?: string
  key?: string
  action?: AuditAction
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
    .option('--action <action>', 'only this, such as key.created')
    .option('--limit <count>', 'at most so many (default: 100)', readCount)
    .option('--all', 'every one, however many')
  addTargetOptions(command).action(async (options: ListOptions) => {
    const { organization: organizationId, key: keyId, action } = options
    const filter = given({ organizationId, keyId, action })
    await withConnection(options, async (latchkey) => {
      const { items, more } = await readPages(options, (page) => latchkey.audit.list({ ...filter, ...page }))
      if (options.json) return printJson(items)
      if (items.length === 0) return printNote('No events.')
      print(...formatTable(['AT', 'ACTION', 'ORGANIZATION', 'KEY', 'BY'], items.map(toRow)))
      if (more) printNote('There are more: see them with --all.')
    })
  })
  addExamples(command, 'latchkey audit list --organization acme --action key.revoked')
}

function toRow({ at, action, organizationId, keyId, actor }: AuditEvent): string[] {
  return [at.toISOString(), action, organizationId, keyId ?? '', actor ?? 'database']
}
