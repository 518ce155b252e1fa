// `latchkey export`: everything but secrets in JSON lines, for the way out.
import { Option } from 'commander'
import { toWire } from '../../core/wire.ts'
import type { Latchkey } from '../../latchkey.ts'
import { ownDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { printNote, writeSurely } from '../kit/output.ts'
import type { Place } from '../kit/place.ts'
import { writeWholeFile } from '../kit/whole-file.ts'

const database = ownDatabase('export')
/** It has one format, and needs no option for it. */
const place: Place<Latchkey> = {
  ...database,
  options: () => database.options().filter(({ long }) => long !== '--json'),
}

/** How many lines there are of each type. */
type Counted = Record<string, number>

export const exportCommand = defineCommand({
  path: 'export',
  summary: 'write organizations, plans, policies, keys and webhooks as JSON lines, for the way out',
  on: place,
  options: [
    new Option(
      '--digests',
      'the hashes of tokens too, by which another system finds them: keep the file as you keep the database',
    ),
    new Option(
      '--file <path>',
      'the file to write, which is replaced once all is there (default: standard output)',
    ),
  ],
  examples: ['latchkey export --file latchkey.jsonl', 'latchkey export --digests --file latchkey.jsonl'],
  notes:
    'The log leaves by `latchkey audit export`, and usage by `latchkey usage export`. Standard output that breaks off is not\ncomplete: the command then exits with another code than 0.',
  run: async (latchkey, { options }) => {
    const counted: Counted = {}
    const parts = writeLines(linesOf(latchkey, options.digests === true), counted)
    // Like a database, a file of digests is for its owner alone.
    if (typeof options.file === 'string')
      await writeWholeFile(options.file, parts, options.digests === true ? 0o600 : undefined)
    else for await (const part of parts) await writeSurely(part)
    return counted
  },
  print: (counted, { options: { file } }) => {
    const lines = Object.entries(counted).map(
      ([type, count]) => `${count} ${count === 1 ? type : pluralOf(type)}`,
    )
    printNote(`Wrote ${lines.join(', ') || 'nothing'}${typeof file === 'string' ? ` to ${file}` : ''}.`)
  },
})

/** Each thing with its type, what others name before those that name it. A page is in memory at a time. */
async function* linesOf(latchkey: Latchkey, withDigests: boolean): AsyncGenerator<[string, object]> {
  for await (const plan of latchkey.plans.listAll()) yield ['plan', plan]
  const ofAll = await latchkey.policies.get()
  if (ofAll.setAt !== null) yield ['policy', { organizationId: null, ...ofAll }]
  for await (const organization of latchkey.organizations.listAll()) {
    yield ['organization', organization]
    const policy = await latchkey.policies.getFor(organization.id)
    if (policy.setAt !== null) yield ['policy', { organizationId: organization.id, ...policy }]
  }
  for await (const key of latchkey.keys.listAll({ status: 'all' })) yield ['key', key]
  for await (const webhook of latchkey.webhooks.listAll()) yield ['webhook', webhook]
  if (!withDigests) return
  let after: string | undefined
  for (;;) {
    const page = await latchkey.keys.exportSecrets({ after })
    for (const secret of page) yield ['secret', secret]
    after = page.at(-1)?.kid
    if (after === undefined) return
  }
}

function pluralOf(type: string): string {
  return type === 'policy' ? 'policies' : `${type}s`
}

const partLength = 64 * 1024

/** The lines of a file in parts; counts them. */
async function* writeLines(
  things: AsyncIterable<[string, object]>,
  counted: Counted,
): AsyncGenerator<string, void> {
  let part = ''
  for await (const [type, thing] of things) {
    counted[type] = (counted[type] ?? 0) + 1
    part += `${JSON.stringify({ type, ...toWire(thing) })}\n`
    if (part.length < partLength) continue
    yield part
    part = ''
  }
  yield part
}
