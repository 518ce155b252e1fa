// What happens in a model, in the order of time: a heap of events.

interface Event {
  time: number
  order: number
  run: () => void
}

/** Events to come; those of one instant in the order in which they were added. */
export class Events {
  readonly #heap: Event[] = []
  #order = 0
  time = 0

  at(delay: number, run: () => void): void {
    const event = { time: this.time + delay, order: this.#order++, run }
    const heap = this.#heap
    let i = heap.push(event) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!isBefore(event, heap[parent] as Event)) break
      heap[i] = heap[parent] as Event
      i = parent
    }
    heap[i] = event
  }

  /** Runs what happens until an instant; after each event, what was promised, by promises that stand behind so many others. */
  async runUntil(end: number, depth = 3): Promise<void> {
    while ((this.#heap[0]?.time ?? Number.POSITIVE_INFINITY) <= end) {
      const { time, run } = this.#take()
      this.time = time
      run()
      for (let i = 0; i < depth; i++) await undefined
    }
    this.time = end
  }

  #take(): Event {
    const heap = this.#heap
    const first = heap[0] as Event
    const last = heap.pop() as Event
    if (heap.length === 0) return first
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child++
      if (!isBefore(heap[child] as Event, last)) break
      heap[i] = heap[child] as Event
      i = child
    }
    heap[i] = last
    return first
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order)
}
