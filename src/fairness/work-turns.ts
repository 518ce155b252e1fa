// When work that can wait has its turn in the event loop of this thread, of which there is one.
//
// A turn of the loop accepts one new connection, however many wait. If each turn also did all the work that it may do,
// connections would be accepted as seldom as that takes long. So while they come, turns that only accept stand between
// those that work.

/** For how long turns may only accept between two that work, in milliseconds. */
const acceptingMs = 2

let waiting: (() => void)[] = []
let newcomerCame = false
/** When the first of these turns ended; undefined if the last turn worked. */
let acceptingSince: number | undefined

/** Notes that a connection was accepted: others may wait behind it. */
export function noteNewcomer(): void {
  newcomerCame = true
}

/** Calls back at the end of this turn, or of the next one that works. */
export function atWorkTurn(work: () => void): void {
  waiting.push(work)
  if (waiting.length === 1) setImmediate(endTurn)
}

function endTurn(): void {
  if (newcomerCame) {
    newcomerCame = false
    const now = performance.now()
    acceptingSince ??= now
    if (now - acceptingSince < acceptingMs) {
      setImmediate(endTurn)
      return
    }
  }
  acceptingSince = undefined
  const works = waiting
  waiting = []
  for (const work of works) work()
}
