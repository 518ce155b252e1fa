// What a shell offers while somebody types a command: scripts for bash, zsh and fish, made of the commands themselves. They hold
// all words, since a shell that asked the program at each Tab would wait for it to start.
import type { Command, Option } from 'commander'

/** The shells for which there is a script. */
export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** What may stand at a place of the command line. */
interface Place {
  /** The words of the command, such as `keys create`; empty for the program itself. */
  path: string
  words: Offer[]
  options: (Offer & { takesValue: boolean; choices: readonly string[] })[]
}

interface Offer {
  word: string
  /** What it is, in one line. */
  text: string
}

/** Writes the script of a shell. The program has all of its commands, with all options. */
export function completionScript(program: Command, shell: Shell): string {
  return scripts[shell](placesOf(program, []))
}

function placesOf(command: Command, path: readonly string[]): Place[] {
  const shown = command.commands.filter((one) => one.name() !== 'help')
  const place: Place = {
    path: path.join(' '),
    words: shown.map((one) => ({ word: one.name(), text: oneLine(one.description()) })),
    options: command.createHelp().visibleOptions(command).flatMap(offersOf),
  }
  return [place, ...shown.flatMap((one) => placesOf(one, [...path, one.name()]))]
}

function offersOf({ long, description, required, optional, argChoices }: Option): Place['options'] {
  if (!long) return []
  const takesValue = required || optional
  return [{ word: long, text: oneLine(description), takesValue, choices: argChoices ?? [] }]
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ')
}

/** A text in quotes of a shell, which reads nothing in it. */
function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`
}

/** The paths of commands, as patterns of a `case`. */
function pathPatterns(places: readonly Place[]): string {
  return places
    .filter(({ path }) => path !== '')
    .map(({ path }) => quote(path))
    .join('|')
}

/** The options that take a value, as a pattern of a `case` or a list. */
function optionsWithValue(places: readonly Place[], separator: string): string {
  const words = places.flatMap(({ options }) => options.filter(({ takesValue }) => takesValue))
  return [...new Set(words.map(({ word }) => word))].join(separator)
}

/** The options that take one of some values, as branches of a `case`; one that two commands have has the same in both. */
function choicesOf(places: readonly Place[], branch: (choices: readonly string[]) => string): string {
  const options = places.flatMap((place) => place.options.filter(({ choices }) => choices.length > 0))
  const branches = options.map(({ word, choices }) => `    ${word}) ${branch(choices)} ;;`)
  return [...new Set(branches)].join('\n')
}

/** Finds out, from the words that stand there, which command they name. Words behind options are theirs. */
function findPath(places: readonly Place[], words: string): string {
  return `  local at='' word before=''
  for word in ${words}; do
    case "$before" in ${optionsWithValue(places, '|')}) before=''; continue ;; esac
    before=$word
    case "\${at:+$at }$word" in
      ${pathPatterns(places)}) at="\${at:+$at }$word" ;;
    esac
  done`
}

/** Profiles come and go, so a shell reads their names in their file, as it is written: four blanks, a name, a brace. */
const readNames = String.raw`sed -n 's/^    "\([^"]*\)": {$/\1/p'`
const profileNames = `${readNames} "\${XDG_CONFIG_HOME:-$HOME/.config}/latchkey/profiles.json" 2>/dev/null`

function bash(places: readonly Place[]): string {
  const cases = places.map(
    ({ path, words, options }) =>
      `    ${quote(path)}) offers=${quote([...words, ...options].map(({ word }) => word).join(' '))} ;;`,
  )
  return `# What bash offers for latchkey. For this shell: source <(latchkey completion bash)
_latchkey() {
  local current=\${COMP_WORDS[COMP_CWORD]} offers=''
${findPath(places, `"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`)}
  case "\${COMP_WORDS[COMP_CWORD-1]}" in
    --profile) offers=$(${profileNames}) ;;
${choicesOf(places, (choices) => `offers=${quote(choices.join(' '))}`)}
    ${optionsWithValue(places, '|')}) ;;
    *) case "$at" in
${cases.join('\n')}
    esac ;;
  esac
  COMPREPLY=($(compgen -W "$offers" -- "$current"))
}
complete -o bashdefault -o default -F _latchkey latchkey
`
}

function zsh(places: readonly Place[]): string {
  const describe = ({ word, text }: Offer) => quote(`${word.replaceAll(':', String.raw`\:`)}:${text}`)
  const cases = places.map(
    ({ path, words, options }) =>
      `    ${quote(path)}) offers=(${[...words, ...options].map(describe).join(' ')}) ;;`,
  )
  return `#compdef latchkey
# What zsh offers for latchkey. For this shell: source <(latchkey completion zsh)
_latchkey() {
  local -a offers
${findPath(places, `"\${(@)words[2,CURRENT-1]}"`)}
  case "$words[CURRENT-1]" in
    --profile) compadd -- \${(f)"$(${profileNames})"}; return ;;
${choicesOf(places, (choices) => `compadd -- ${choices.map(quote).join(' ')}; return`)}
    ${optionsWithValue(places, '|')}) _files; return ;;
  esac
  case "$at" in
${cases.join('\n')}
  esac
  _describe latchkey offers
}
if [ "$funcstack[1]" = _latchkey ]; then _latchkey "$@"; else compdef _latchkey latchkey; fi
`
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, words, options }) => {
    const here = `complete -c latchkey -n ${quote(`__latchkey_at ${quote(path)}`)}`
    return [
      ...words.map(({ word, text }) => `${here} -f -a ${quote(word)} -d ${quote(text)}`),
      ...options.map(({ word, text, takesValue, choices }) => {
        const value =
          word === '--profile'
            ? ' -x -a "(__latchkey_profiles)"'
            : choices.length > 0
              ? ` -x -a ${quote(choices.join(' '))}`
              : takesValue
                ? ' -r -F'
                : ''
        return `${here} -l ${word.slice(2)}${value} -d ${quote(text)}`
      }),
    ]
  })
  const paths = places.filter(({ path }) => path !== '').map(({ path }) => quote(path))
  return `# What fish offers for latchkey. For this shell: latchkey completion fish | source
function __latchkey_at
  set -l at ''
  set -l before ''
  for word in (commandline -opc)[2..]
    if contains -- "$before" ${optionsWithValue(places, ' ')}
      set before ''
      continue
    end
    set before $word
    set -l next (string trim -- "$at $word")
    contains -- "$next" ${paths.join(' ')}; and set at $next
  end
  test "$at" = "$argv[1]"
end
function __latchkey_profiles
  set -l folder $HOME/.config
  test -n "$XDG_CONFIG_HOME"; and set folder $XDG_CONFIG_HOME
  ${readNames} $folder/latchkey/profiles.json 2>/dev/null
end
complete -c latchkey -f
${lines.join('\n')}
`
}

const scripts = { bash, zsh, fish } satisfies Record<Shell, (places: readonly Place[]) => string>
