// What a command works on: which options name it, and how it is opened for the time of one call.
import type { Option } from 'commander'

/** The options by which the kit finds what a command works on, and how to print. */
export interface TargetOptions {
  url?: string
  database?: string
  profile?: string
  json?: boolean
}

/** What commands work on. */
export interface Place<Resource> {
  /** The options that name it, new for each command. */
  options(): Option[]
  /** Opens it, and closes it when the work has ended. Throws CommandError. */
  use<T>(options: TargetOptions, work: (resource: Resource) => Promise<T>): Promise<T>
}

/** For commands that work on nothing which the kit would open. */
export const nothing: Place<undefined> = {
  options: () => [],
  use: (_, work) => work(undefined),
}
