// What a run measures and how long: in full, or quickly with tiny sizes to see that everything works.

export interface Settings {
  /** Tiny sizes and short rounds: shows that the benchmarks run, not how fast Latchkey is. */
  quick: boolean
  /** With ten million keys stored too. */
  large: boolean
  /** How often each contestant has its turn. */
  rounds: number
  /** The length of a turn in the process, and of one over HTTP. */
  turnMs: number
  loadSeconds: number
  /** Keys in the databases that stay in memory. */
  warmKeys: number
  /** Keys stored, the least first. */
  storedKeys: number[]
  /** Keys created in a turn. */
  creations: number
  /** Keys of another system imported. */
  imports: number
  /** Children of a key that ends, and how often it does. */
  children: number
  ends: number
  /** Reservations settled in a turn. */
  settlements: number
  /** The length of a load on one hot key, and of one on many keys. */
  hotSeconds: number
  manySeconds: number
  /** A PostgreSQL of the run's own, and a folder for everything else. */
  postgresUrl: string
  folder: string
}

/** Makes the settings from the command line's flags. */
export function readSettings(
  flags: readonly string[],
  places: Pick<Settings, 'postgresUrl' | 'folder'>,
): Settings {
  const quick = flags.includes('--quick')
  const large = flags.includes('--large')
  const storedKeys = quick ? [1_000, 10_000] : [10_000, 1_000_000]
  return {
    quick,
    large,
    rounds: quick ? 2 : 5,
    turnMs: quick ? 100 : 600,
    loadSeconds: quick ? 1 : 2,
    warmKeys: quick ? 2_000 : 100_000,
    storedKeys: large ? [...storedKeys, 10_000_000] : storedKeys,
    creations: quick ? 300 : 3_000,
    imports: quick ? 5_000 : 1_000_000,
    children: quick ? 200 : 10_000,
    ends: quick ? 2 : 100,
    settlements: quick ? 50 : 500,
    hotSeconds: quick ? 3 : 60,
    manySeconds: quick ? 3 : 20,
    ...places,
  }
}
