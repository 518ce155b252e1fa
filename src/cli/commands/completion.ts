// `latchkey completion`: what a shell offers while somebody types a command.
import type { Command } from 'commander'
import { completionScript, type Shell, shells } from '../kit/completion.ts'
import { defineCommand } from '../kit/define-command.ts'
import { CommandError, exitCodes } from '../kit/failures.ts'
import { print } from '../kit/output.ts'
import { nothing } from '../kit/place.ts'

/** The command. `loadProgram` gives the program with all of its commands, and all of their options. */
export const completionCommand = (loadProgram: () => Promise<Command>) =>
  defineCommand({
    path: 'completion',
    summary: 'print a script that has bash, zsh or fish complete commands and options',
    on: nothing,
    arguments: { shell: 'bash, zsh or fish' },
    examples: [
      'source <(latchkey completion bash)',
      'latchkey completion zsh > ~/.zfunc/_latchkey',
      'latchkey completion fish > ~/.config/fish/completions/latchkey.fish',
    ],
    run: async (_, { args: { shell } }) => {
      const known = shells.find((name) => name === shell)
      if (known === undefined)
        throw new CommandError(
          exitCodes.usage,
          `${shell}: There is no script for this shell. Use bash, zsh or fish.`,
        )
      return { script: completionScript(await loadProgram(), known satisfies Shell) }
    },
    print: ({ script }) => print(script.trimEnd()),
  })
