// The command line at a terminal: prompts, questions before what is permanent, tables, and readers that leave.
import { spawn } from 'node:child_process'
import { getRandomValues } from 'node:crypto'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { generateToken, type RandomSource } from '../src/core/token.ts'
import { tokensIn, useCommand } from './setup/command.ts'

const command = useCommand()

let env: Record<string, string> = {}
beforeAll(async () => {
  env = { LATCHKEY_DATABASE_URL: `sqlite:${join(command.folder(), 'terminal.db')}` }
  await command.run(['migrate'], { env })
  await command.run(['orgs', 'create', 'acme', '--name', 'Acme'], { env })
})

describe('at a terminal', () => {
  test('a token typed at the prompt is not shown, and corrections count', async () => {
    const { token } = generateToken('re', getRandomValues as RandomSource)
    const shown = await atTerminal(['keys', 'verify', '--json'], ['Token: ', `${token}x\x7f\r`])
    expect(shown).toContain('"not_found"')
    expect(tokensIn(shown)).toEqual([])
    expect(shown).not.toContain(token.slice(19, 40))
  })

  test('Ctrl-C at the prompt ends the command', async () => {
    expect(await atTerminal(['keys', 'verify'], ['Token: ', '\x03'])).toContain('exit 130')
  })

  test('revoking asks first, and anything but yes changes nothing', async () => {
    const args = ['keys', 'create', '--organization', 'acme', '--name', 'Doomed']
    const { id } = await command.json<{ id: string }>(args, { env })
    const status = async () => (await command.json<{ status: string }>(['keys', 'get', id], { env })).status
    const refused = await atTerminal(['keys', 'revoke', id], ['[y/N] ', 'n\r'])
    expect(refused).toContain('"Doomed" of acme')
    expect(refused).toContain('exit 1')
    expect(await status()).toBe('active')
    expect(await atTerminal(['keys', 'revoke', id], ['[y/N] ', 'y\r'])).toContain('exit 0')
    expect(await status()).toBe('revoked')
    expect(await atTerminal(['keys', 'revoke', id, '--yes'], [])).toContain('exit 0')
  })

  test('nothing is coloured if NO_COLOR is set', async () => {
    const shown = await atTerminal(['keys', 'list', '--status', 'all'], [], 'export NO_COLOR=1; ')
    expect(shown).not.toContain('\x1b[')
  })
})

test('whoever stops reading stops the output without a word', async () => {
  const shell = `"$NODE" "$MAIN" keys list --help | head -n 1; "$NODE" "$MAIN" audit list | head -n 0`
  const child = spawn('sh', ['-c', shell], { env: shellEnvironment(), stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  await new Promise((done) => child.once('close', done))
  expect(stderr).toBe('')
})

test('names that would play with the terminal are made harmless', async () => {
  const args = ['orgs', 'create', 'odd', '--name', 'a\u202eb']
  await command.run(args, { env })
  const { stdout } = await command.run(['orgs', 'list'], { env })
  expect(stdout).toContain('a\\u{202e}b')
  const json = await command.run(['orgs', 'list', '--json'], { env })
  expect(json.stdout).toContain('a\\u202eb')
  expect(JSON.parse(json.stdout)).toContainEqual(expect.objectContaining({ name: 'a\u202eb' }))
})

describe('what cannot be taken back', () => {
  test.each([
    ['revoke', []],
    ['rotate', []],
    ['rotate', ['--grace', '0']],
    ['end-secret', ['0aB1cD2eF3gH4iJ5']],
    ['forget-places', []],
  ])(
    'keys %s %j wants --yes where nobody can be asked, and changes nothing without it',
    async (name, more) => {
      const key = await createDoomed('Doomed')
      for (const input of ['', 'y\n']) {
        const { code, stdout, stderr } = await command.run(['keys', name, key, ...more], { env, input })
        expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
        expect(stderr).toMatch(/^latchkey: .*Add --yes to confirm it\. Nothing was changed\.\n$/)
      }
      expect(await actionsOn(key)).toEqual(['key.created'])
      const done = await command.run(['keys', name, key, ...more, '--yes'], { env })
      if (name === 'end-secret') expect(done.stderr).toContain('secret')
      else expect([done.code, (await actionsOn(key)).length]).toEqual([0, 2])
    },
  )

  test('a question that is not shown is not asked', async () => {
    const key = await createDoomed('Doomed')
    const shown = await atTerminal(['keys', 'revoke', key, '2>/dev/null'], [])
    expect(shown).toContain('exit 2')
    expect(await actionsOn(key)).toEqual(['key.created'])
  })

  test('the question shows every character of a name that a terminal would not', async () => {
    const key = await createDoomed('a\u202eb\u2066c\u200bd\u3164e\u00a0f\\')
    const asked = await atTerminal(['keys', 'revoke', key], ['[y/N] ', 'n\r'])
    expect(asked).toContain('"a\\u{202e}b\\u{2066}c\\u{200b}d\\u{3164}e\\u{a0}f\\\\" of acme')
    const rotated = await atTerminal(['keys', 'rotate', key], ['[y/N] ', 'n\r'])
    expect(rotated).toContain('"a\\u{202e}b')
  })

  test('a rotation with a grace is not asked about', async () => {
    const key = await createDoomed('Kept')
    expect((await command.run(['keys', 'rotate', key, '--grace', '60s'], { env })).code).toBe(0)
  })
})

test('a list fits its terminal, in color unless NO_COLOR is set, and -o wide shows all columns', async () => {
  await createDoomed('A name far too long for any terminal of eighty columns')
  const at = (setup: string, args: string[]) => atTerminal(args, [], `stty cols 80; ${setup}`)
  const lines = (shown: string) => shown.split(/\r?\n/)
  const narrow = await at('export NO_COLOR=1; ', ['keys', 'list', '--limit', '1'])
  const [heading = '', row = ''] = lines(narrow)
  expect(heading).toMatch(/^ID +NAME +STATUS/)
  expect(heading).not.toContain('ORGANIZATION')
  expect(row).toMatch(/^\S{36} {2}A name far.*… +active/)
  expect(Math.max(heading.length, row.length)).toBeLessThanOrEqual(80)
  expect(narrow).toContain('do not fit the terminal: see all with -o wide.')
  const wide = await at('export NO_COLOR=1; ', ['keys', 'list', '--limit', '1', '-o', 'wide'])
  expect(wide).toMatch(/ORGANIZATION.*EXPIRES/)
  expect(await at('', ['keys', 'list', '--limit', '1'])).toContain('\u001b[32mactive')
})

async function createDoomed(name: string): Promise<string> {
  const args = ['keys', 'create', '--organization', 'acme', '--name', name]
  return (await command.json<{ id: string }>(args, { env })).id
}

async function actionsOn(key: string): Promise<string[]> {
  const events = await command.json<{ action: string }[]>(['audit', 'list', '--key', key], { env })
  return events.map(({ action }) => action)
}

/** Runs a command in a pseudo-terminal, typing each answer when its prompt is there; gives all that was shown. */
function atTerminal(args: string[], [prompt, answer]: string[], setup = ''): Promise<string> {
  const line = `${setup}"$NODE" "$MAIN" ${args.join(' ')}; echo "exit $?"`
  const child = spawn('script', ['-qec', line, '/dev/null'], { env: shellEnvironment(), stdio: 'pipe' })
  return new Promise((done) => {
    let shown = ''
    let typed = false
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      shown += chunk
      if (prompt === undefined || typed || !shown.includes(prompt)) return
      typed = true
      child.stdin.write(answer)
    })
    child.once('close', () => done(shown))
  })
}

function shellEnvironment(): Record<string, string> {
  return { ...env, ...command.variables(), TERM: 'xterm' }
}
