// The mutants that may live, each with the reason why nothing can notice them.

/** A mutant by the text of its line, not its place, so that it is found again when lines move. */
export interface Excuse {
  file: string
  /** The line on which it begins. */
  line: string
  was: string
  becomes: string
  why: string
}

const shortcut = 'the list that is compared word by word is judged again, to the same end, by the long way'

const work = 'only how much work it takes would tell, and not what comes of it'

export const excuses: readonly Excuse[] = [
  {
    file: 'src/verification/digest.ts',
    line: 'for (let i = 0; i < digest.length; i++) difference |= (digest[i] as number) ^ text.charCodeAt(i)',
    was: '<',
    becomes: '<=',
    why: 'beyond the end both sides are nothing, which is the same on both',
  },
  {
    file: 'src/verdict/evaluate.ts',
    line: 'for (let i = 0; i < asked.length; i++) if (!granted.includes(asked[i] as string)) return false',
    was: '!granted.includes(asked[i] as string)',
    becomes: 'true',
    why: shortcut,
  },
  {
    file: 'src/verdict/evaluate.ts',
    line: 'for (let i = 0; i < asked.length; i++) if (!granted.includes(asked[i] as string)) return false',
    was: '<',
    becomes: '<=',
    why: shortcut,
  },
  { file: 'src/verdict/evaluate.ts', line: 'return true', was: 'true', becomes: 'false', why: shortcut },
  {
    file: 'src/verdict/lease.ts',
    line: 'timer.unref?.()',
    was: 'timer.unref?.()',
    becomes: ';',
    why: 'whether a wait keeps a process alive is held by tests of whole processes, not of the lease',
  },
  {
    file: 'src/core/permissions.ts',
    line: 'if (granted.length * asked.length <= fewPairs)',
    was: 'granted.length * asked.length <= fewPairs',
    becomes: 'true',
    why: work,
  },
  {
    file: 'src/core/permissions.ts',
    line: 'if (granted.length * asked.length <= fewPairs)',
    was: '<=',
    becomes: '<',
    why: work,
  },
  {
    file: 'src/core/permissions.ts',
    line: 'if (isCovered === undefined) {',
    was: 'isCovered === undefined',
    becomes: 'true',
    why: work,
  },
  {
    file: 'src/core/permissions.ts',
    line: 'answers.set(permission, isCovered)',
    was: 'answers.set(permission, isCovered)',
    becomes: ';',
    why: work,
  },
  {
    file: 'src/core/permissions.ts',
    line: 'if (this.#prefixes.size === 0) return false',
    was: 'this.#prefixes.size === 0',
    becomes: 'false',
    why: work,
  },
  {
    file: 'src/core/permissions.ts',
    line: 'if (this.#root.next === undefined) return false',
    was: 'this.#root.next === undefined',
    becomes: 'false',
    why: work,
  },
  {
    file: 'src/core/permissions.ts',
    line: 'if (after.length === 0) return false',
    was: 'after.length === 0',
    becomes: 'false',
    why: work,
  },
  {
    file: 'src/fairness/slices.ts',
    line: 'if (performance.now() >= endsAt) {',
    was: '>=',
    becomes: '>',
    why: 'the very instant, in fractions of a microsecond, is met by chance',
  },
]
