// Keeps the process alive while somebody waits for an answer. Clocks and idle connections do not, so that a program whose work is done
// can end; without this, one would end in silence that waits for a database which is away.

/** Longer than anything waits. */
const endlessMs = 2 ** 31 - 1

/** Counts those who wait. */
export class Awake {
  #waiting = 0
  #timer: NodeJS.Timeout | undefined

  /** Keeps the process alive until the answer is there, or a refusal. */
  during<Answer>(answer: Promise<Answer>): Promise<Answer> {
    this.#waiting++
    this.#timer ??= setInterval(() => {}, endlessMs)
    const release = () => {
      if (--this.#waiting > 0) return
      clearInterval(this.#timer)
      this.#timer = undefined
    }
    answer.then(release, release)
    return answer
  }
}
