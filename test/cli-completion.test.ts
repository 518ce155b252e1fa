// What shells offer for the command line: their own completion is asked, with the script that the program prints.
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { changeProfiles } from '../src/cli/kit/profiles.ts'
import { useCommand } from './setup/command.ts'
import { missingPrograms, wants } from './setup/programs.ts'

const command = useCommand()

/** How each shell tells what it offers behind some words, of which the last is begun. */
const ask: Record<string, (words: readonly string[]) => string> = {
  bash: (words) => `source script.bash
COMP_WORDS=(${words.map(quote).join(' ')}); COMP_CWORD=${words.length - 1}
_latchkey; printf '%s\\n' "\${COMPREPLY[@]}"`,
  // zsh completes in an interactive shell alone: what it would be given is shown here, and a terminal of its own comes below.
  zsh: (words) => `compdef() { :; }; source script.zsh
compadd() { shift; print -l -- "$@"; }; _files() { :; }; _describe() { print -l -- "\${offers[@]%%:*}"; }
words=(${words.map(quote).join(' ')}); CURRENT=${words.length}; _latchkey`,
  fish: (words) =>
    `source script.fish; for offer in (complete -C ${quote(words.join(' '))}); string split -- \\t $offer | head -n 1; end`,
}

function quote(word: string): string {
  return `'${word}'`
}

describe.each(Object.keys(ask))('%s', (shell) => {
  const { skip, note } = wants(missingPrograms([shell]))
  beforeAll(async () => {
    const { stdout, code } = await command.run(['completion', shell])
    expect(code).toBe(0)
    writeFileSync(join(command.folder(), `script.${shell}`), stdout)
  })

  function offered(...words: string[]): string[] {
    const flags = { bash: ['--norc', '-c'], zsh: ['-f', '-c'], fish: ['--no-config', '-c'] }[shell] ?? []
    const out = execFileSync(shell, [...flags, (ask[shell] as (words: string[]) => string)(words)], {
      cwd: command.folder(),
      env: { PATH: process.env.PATH, HOME: command.folder() },
      encoding: 'utf8',
    })
    const last = words.at(-1) as string
    return out.split('\n').filter((word) => word !== '' && word.startsWith(last))
  }

  test.skipIf(skip)(`it offers nouns, commands and options${note}`, () => {
    expect(offered('latchkey', 'key').sort()).toEqual(['keyring', 'keys'])
    expect(offered('latchkey', 'keys', 'cr')).toEqual(['create'])
    expect(offered('latchkey', 'keys', 'create', '--org')).toEqual(['--organization'])
    expect(offered('latchkey', 'serve', '--wor')).toEqual(['--workers'])
    expect(offered('latchkey', 'token', 'inspect', '--name')).toEqual([])
    expect(offered('latchkey', 'nothing', 'create', '--na')).toEqual([])
  })

  test.skipIf(skip)(`it offers the profiles that there are${note}`, async () => {
    expect(offered('latchkey', 'keys', 'list', '--profile', 'st')).toEqual([])
    await changeProfiles(join(command.folder(), '.config/latchkey'), ({ profiles }) => {
      for (const name of ['staging', 'production'])
        profiles[name] = { url: 'https://a.test', kept: { in: 'keyring' } }
    })
    expect(offered('latchkey', 'keys', 'list', '--profile', '').sort()).toEqual(['production', 'staging'])
    expect(offered('latchkey', 'logout', '--profile', 'st')).toEqual(['staging'])
    rmSync(join(command.folder(), '.config'), { recursive: true })
  })

  test.skipIf(skip)(`a value is no command, and of some values it offers each${note}`, () => {
    expect(offered('latchkey', 'keys', 'list', '--organization', 'keys', '--statu')).toEqual(['--status'])
    expect(offered('latchkey', 'keys', 'create', '--name', 'keys list', '--expi')).toEqual(['--expires'])
    expect(offered('latchkey', 'keys', 'create', '--name', 'ke')).toEqual([])
    expect(offered('latchkey', 'import', '--from', 'bet')).toEqual(['better-auth'])
  })
})

const { skip, note } = wants(missingPrograms(['zsh']))
test.skipIf(skip)(`in a terminal, zsh writes a command out at a Tab, and an option${note}`, async () => {
  const { stdout } = await command.run(['completion', 'zsh'])
  writeFileSync(join(command.folder(), 'script.zsh'), stdout)
  const typed = `zmodload zsh/zpty
zpty shell 'TERM=dumb exec zsh -f -i'
zpty -w shell 'PS1=; autoload -U compinit; compinit -u -D; source script.zsh; latchkey() { print "<""$*>" }; print re""ady'
zpty -r shell said $'*\nready*'
for line in 'latchkey keys cr' 'latchkey keys create --org'; do
  zpty -w shell "$line"$'\t'
  zpty -r shell said $'*<*>*'
  print -r -- \${\${said##*<}%%>*}
done`
  const env = { PATH: process.env.PATH, HOME: command.folder() }
  const out = execFileSync('zsh', ['-f', '-c', typed], { cwd: command.folder(), env, encoding: 'utf8' })
  expect(out.split('\n').map((line) => line.trim())).toEqual([
    'keys create',
    'keys create --organization',
    '',
  ])
})

test('each command and each option is in the scripts, and nothing of another shell is made', async () => {
  const { stdout } = await command.run(['completion', 'bash'])
  const help = await command.run(['keys', 'create', '--help'])
  const options = [...help.stdout.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, name]) => name as string)
  expect(options.length).toBeGreaterThan(10)
  const [, offers = ''] = /'keys create'\) offers='([^']*)'/.exec(stdout) ?? []
  expect(options.filter((name) => !offers.split(' ').includes(name))).toEqual([])
  expect(await command.run(['completion', 'tcsh'])).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('Use bash, zsh or fish'),
  })
})
