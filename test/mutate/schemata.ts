// Writes all mutants of a file into it at once, each behind a switch, so that nothing is compiled again for the next one
// (R. Untch, Mutation-based software testing using program schemata, ACM-SE 1992).
import { applyMutant, listStatements, type Mutant, type Place } from './mutants.ts'

interface Choice {
  place: Place
  /** Which of the mutants can be chosen here; none for a statement that only holds some. */
  ids: number[]
}

/**
 * The source with every mutant in it; the first one has the number `first`, the next one the next. `switchFile` is the
 * path of the module that turns them on.
 */
export function writeSchemata(
  source: string,
  mutants: readonly Mutant[],
  first: number,
  switchFile: string,
): string {
  if (mutants.length === 0) return source
  const choices = listChoices(source, mutants)
  let next = 0

  /** Writes what stands between two offsets; a choice that begins there ends there. */
  function write(start: number, end: number): string {
    let text = ''
    let at = start
    for (let choice = choices[next]; choice && choice.place.start < end; choice = choices[next]) {
      next++
      const { place, ids } = choice
      const inner = write(place.start, place.end)
      text += source.slice(at, place.start)
      text += place.kind === 'statement' ? writeStatement(ids, inner) : writeExpression(place, ids, inner)
      at = place.end
    }
    return text + source.slice(at, end)
  }

  function writeExpression(place: Place, ids: readonly number[], inner: string): string {
    const variants = ids.map((i) => {
      const mutant = mutants[i] as Mutant
      const moved = { ...mutant, start: mutant.start - place.start, end: mutant.end - place.start }
      return `__isOn(${first + i}) ? (${applyMutant(source.slice(place.start, place.end), moved)}) : `
    })
    return `(${variants.join('')}(${inner}))`
  }

  /** In a block of its own: a line that begins with a bracket would call what the line before it gives. */
  function writeStatement([id]: readonly number[], inner: string): string {
    return id === undefined ? `{ ${inner} }` : `{ if (!__isOn(${first + id})) { ${inner} } }`
  }

  return `import { isOn as __isOn } from ${JSON.stringify(switchFile)};${write(0, source.length)}`
}

/** Where there is something to choose, from outside to inside. */
function listChoices(source: string, mutants: readonly Mutant[]): Choice[] {
  const choices = new Map<string, Choice>()
  const choiceAt = (place: Place): Choice => {
    const key = `${place.kind} ${place.start} ${place.end}`
    const choice = choices.get(key) ?? { place, ids: [] }
    choices.set(key, choice)
    return choice
  }
  for (const place of listStatements(source)) choiceAt(place)
  for (const [i, { place }] of mutants.entries()) choiceAt(place).ids.push(i)
  // Of two with the same bounds the statement holds the expression.
  return [...choices.values()].sort(
    ({ place: a }, { place: b }) => a.start - b.start || b.end - a.end || (a.kind === 'statement' ? -1 : 1),
  )
}
