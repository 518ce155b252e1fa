// The databases that this process has open, so that a program that opens one again and again is told.

interface Openings {
  count: Map<string, number>
  told: Set<string>
}

// Not of this module: tools that reload a program evaluate it anew each time, and leave the old openings behind.
const place = Symbol.for('latchkey.openings')
const holder = globalThis as { [place]?: Openings }
holder[place] ??= { count: new Map(), told: new Set() }
const openings = holder[place]

/** Notes that a database was opened, and warns once if it is open already; returns how to note that it was closed. */
export function noteOpening(database: string, warn: (message: string) => void): () => void {
  const count = openings.count.get(database) ?? 0
  openings.count.set(database, count + 1)
  if (count > 0 && !openings.told.has(database)) {
    openings.told.add(database)
    warn(
      'This process has opened the same database twice. Each opening has its own connections and its own cache. Open it ' +
        'once and share it; a program that reloads its modules shares it on globalThis (docs/guides/library.md).',
    )
  }
  return () => {
    const left = (openings.count.get(database) ?? 1) - 1
    if (left > 0) openings.count.set(database, left)
    else openings.count.delete(database)
  }
}
