// Where the token of a profile is kept: the keyring of the system by its own program, or whatever a command of the user prints. No
// program gets a token as an argument, which others could see, and none runs in a shell.
import { spawn } from 'node:child_process'
import { parseToken } from '../../core/token.ts'
import { CommandError, exitCodes } from './failures.ts'
import type { Profile } from './profiles.ts'

/** A person may have to unlock a keyring, or a password store. */
const timeoutMs = 60_000
const longestOutput = 4_096
/** What a program printed has come so soon after its end. */
const outputLeftMs = 1_000

/** Puts a token into the keyring, under the name of its profile and its server: for another server it is not found. Throws CommandError. */
export async function keepInKeyring(name: string, url: string, token: string): Promise<void> {
  const { put } = keyring()
  await run(put(name, url, token))
}

/** Takes the token out of the keyring. Gives nothing, or what to tell a person if the keyring took out none. */
export async function forgetInKeyring(name: string, url: string): Promise<string | undefined> {
  const removal = keyring().remove(name, url)
  try {
    await run(removal)
    return undefined
  } catch (error) {
    const words = [removal.program, ...removal.args].map(quote)
    return (
      `The keyring took out no token (${(error as Error).message}) If it is locked or away, the token is still there. ` +
      `Take it out: ${words.join(' ')}`
    )
  }
}

/** A word as a shell takes it. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** Reads the token of a profile. Throws CommandError. */
export async function readKeptToken(name: string, { url, kept }: Profile): Promise<string> {
  if (kept.in === 'file') return asToken(kept.token, `The profile ${name}`)
  if (kept.in === 'command') return runTokenCommand(kept.command)
  const found = await run(keyring().get(name, url)).catch(() => '')
  if (found.trim() === '')
    throw new CommandError(
      exitCodes.refused,
      `The keyring has no token for the profile ${name} and ${url}, or is locked. Log in again: ` +
        `latchkey login --profile ${name} --url ${url}`,
    )
  return asToken(found, 'The keyring')
}

/** Runs the command of a profile, and takes the first line that it prints. Throws CommandError. */
export async function runTokenCommand(command: string): Promise<string> {
  const [program = '', ...args] = splitCommand(command)
  if (program === '')
    throw new CommandError(
      exitCodes.usage,
      "--token-command: Must be a command, such as 'pass show latchkey'.",
    )
  const printed = await run({ program, args })
  return asToken(printed.split('\n')[0] ?? '', '--token-command')
}

function asToken(text: string, from: string): string {
  const token = parseToken(text.trim())?.token
  if (token !== undefined) return token
  throw new CommandError(exitCodes.refused, `${from} gave no token.`)
}

/** The words of a command, at blanks that stand in no quotes. Nothing else has a meaning. */
function splitCommand(command: string): string[] {
  const words = command.match(/(?:[^\s'"]+|'[^']*'|"[^"]*")+/g) ?? []
  return words.map((word) => word.replace(/'([^']*)'|"([^"]*)"/g, (_, one, other) => one ?? other))
}

interface Call {
  program: string
  args: readonly string[]
  input?: string
}

interface Keyring {
  put(name: string, url: string, token: string): Call
  get(name: string, url: string): Call
  remove(name: string, url: string): Call
}

const attributes = (name: string, url: string) => ['service', 'latchkey', 'profile', name, 'url', url]

/** That of libsecret: GNOME Keyring, KWallet, KeePassXC. */
const secretTool: Keyring = {
  put: (name, url, token) => ({
    program: 'secret-tool',
    args: ['store', `--label=Latchkey ${name}`, ...attributes(name, url)],
    input: token,
  }),
  get: (name, url) => ({ program: 'secret-tool', args: ['lookup', ...attributes(name, url)] }),
  remove: (name, url) => ({ program: 'secret-tool', args: ['clear', ...attributes(name, url)] }),
}

/** That of macOS. A token goes in by standard input, as a line of its command language, where it needs no quotes. */
const security: Keyring = {
  put: (name, url, token) => ({
    program: 'security',
    args: ['-i'],
    input: `add-generic-password -U -s latchkey -a ${account(name, url)} -w ${token}\n`,
  }),
  get: (name, url) => ({
    program: 'security',
    args: ['find-generic-password', '-s', 'latchkey', '-a', account(name, url), '-w'],
  }),
  remove: (name, url) => ({
    program: 'security',
    args: ['delete-generic-password', '-s', 'latchkey', '-a', account(name, url)],
  }),
}

const account = (name: string, url: string) => `${name}@${encodeURIComponent(url)}`

function keyring(): Keyring {
  return process.platform === 'darwin' ? security : secretTool
}

/** Runs a program for a bounded time, and gives what it printed, up to a bound. Throws CommandError, without what it printed. */
function run({ program, args, input }: Call): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new CommandError(exitCodes.refused, `${program}: ${why}`))
    const child = spawn(program, args, {
      stdio: [input === undefined ? 'inherit' : 'pipe', 'pipe', 'inherit'],
    })
    let printed = ''
    const timer = setTimeout(() => end(`It took more than ${timeoutMs / 1000} seconds.`), timeoutMs)
    const end = (why: string) => {
      child.kill('SIGKILL')
      letGo()
      fail(why)
    }
    // What the program has started may go on, and hold its output open: this process must not wait for that.
    const letGo = () => {
      child.stdin?.destroy()
      child.stdout?.destroy()
    }
    child.once('exit', () => setTimeout(letGo, outputLeftMs).unref())
    child.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      fail(error.code === 'ENOENT' ? 'There is no such program.' : `It cannot be run: ${error.code}.`)
    })
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      printed += chunk
      if (printed.length > longestOutput) end('It printed more than a token.')
    })
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      if (code === 0) resolve(printed)
      else fail(`It ended with ${code ?? signal}.`)
    })
    // A program that is not there reads nothing.
    child.stdin?.on('error', () => {})
    child.stdin?.end(input)
  })
}
