// Webhooks on the command line, on a database and on a server.
import { describe, expect, onTestFinished, test } from 'vitest'
import { useCommand } from './setup/command.ts'
import { beginCommands, placeNames } from './setup/command-places.ts'
import { makeSqlite } from './setup/databases.ts'

interface WireWebhook {
  id: string
  url: string
  secret: string
  status: string
  description: string | null
  events: string[]
}

const command = useCommand()

describe.each(placeNames)('webhooks on the command line, on %s', (place) => {
  test('one is created, changed, stopped, enabled again, rotated and deleted', async () => {
    const { url, remove } = makeSqlite()
    onTestFinished(remove)
    const { run, json } = await beginCommands(command, async () => url, place)
    const create = [
      'webhooks',
      'create',
      'https://example.com/hook',
      '--events',
      'key.*',
      '--events',
      'plan.*',
    ]
    const made = await json<WireWebhook>([...create, '--description', 'Chat'])
    expect(made).toMatchObject({ status: 'active', description: 'Chat', events: ['key.*', 'plan.*'] })
    const update = (...options: string[]) => json<WireWebhook>(['webhooks', 'update', made.id, ...options])
    expect(await update('--disable')).toMatchObject({ status: 'disabled', description: 'Chat' })
    expect(await update('--enable', '--resume-from', 'now')).toMatchObject({ status: 'active' })
    expect(await update('--no-description', '--events', 'key.revoked')).toMatchObject({
      description: null,
      events: ['key.revoked'],
    })
    const moved = await update('https://example.com/other')
    expect(moved).toMatchObject({ url: 'https://example.com/other', events: ['key.revoked'] })
    expect(await run(['webhooks', 'update', made.id, '--resume-from', 'now'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--resume-from: Comes with --enable.'),
    })
    for (const [option, value, sentence] of [
      ['--events', 'key.lost', '--events: There is no event "key.lost".'],
      ['--resume-from', 'then', '--resume-from: Must be stopped or now.'],
    ] as const)
      expect(await run(['webhooks', 'update', made.id, '--enable', option, value])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(sentence),
      })
    const rotated = await json<WireWebhook>(['webhooks', 'rotate', made.id, '--grace', '0'])
    expect(rotated.secret).not.toBe(made.secret)
    // Alone on standard output, so that a script can keep it.
    const again = await run(['webhooks', 'rotate', made.id, '--wait'])
    expect(again).toMatchObject({ code: 0, stdout: expect.stringMatching(/^whsec_\S+\n$/) })
    expect(again.stderr).toMatch(/Old secret until .*every live process has confirmed/is)
    expect((await run(['webhooks', 'list'])).stdout).toContain(made.id)
    expect((await run(['webhooks', 'delete', made.id])).code).toBe(2)
    expect((await run(['webhooks', 'delete', made.id, '--yes'])).code).toBe(0)
    expect((await run(['webhooks', 'get', made.id])).code).toBe(1)
  })
})

test('a receiver of the root organization within a network of its own is refused with the setting that allows it', async () => {
  const { url, remove } = makeSqlite()
  onTestFinished(remove)
  const { run } = await beginCommands(command, async () => url, 'the database')
  await run(['orgs', 'create', 'acme', '--name', 'Acme'])
  const create = async (target: string, ...flags: string[]) =>
    (await run(['webhooks', 'create', target, '--events', 'key.*', ...flags])).stderr
  for (const target of ['http://127.0.0.1:8080/hook', 'https://10.0.0.7/hook', 'http://hooks.internal/'])
    expect(await create(target), target).toContain('name that in LATCHKEY_WEBHOOK_NETWORKS')
  expect(await create('ftp://hooks.internal/')).not.toContain('LATCHKEY_WEBHOOK_NETWORKS')
  // A customer's receivers are never inside.
  const customers = await create('https://10.0.0.7/hook', '--organization', 'acme')
  expect(customers).toContain('Must lead to an address that everybody can reach')
  expect(customers).not.toContain('LATCHKEY_WEBHOOK_NETWORKS')
})
