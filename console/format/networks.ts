// Addresses and networks as they are typed, one a line, and what is wrong with each. Pure.
import { networkFault } from '../../src/core/addresses.ts'
import { maxAllowedIps } from '../../src/core/bounds.ts'
import type { FieldError } from '../../src/core/errors.ts'

/** As much of an entry is shown beside what is wrong with it: more than the longest network has. */
const longestShown = 50
const mostFaults = 3

/** The entries of a text, each once, in their order; a list that was pasted may have commas. */
export function readNetworks(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter((entry) => entry !== ''))]
}

/** The text of entries. */
export function writeNetworks(entries: readonly string[]): string {
  return entries.join('\n')
}

/** What is wrong with them, each at its entry; undefined if nothing is. */
export function networksFault(entries: readonly string[]): string | undefined {
  if (entries.length > maxAllowedIps)
    return `Must have at most ${maxAllowedIps} addresses and networks, and has ${entries.length}.`
  const faults = entries.flatMap((entry) => {
    const fault = networkFault(entry)
    return fault === undefined ? [] : named(entry, fault)
  })
  return inOne(faults)
}

/** What the server says of the entries that were sent: `allowed_ips[1]` is of the second. */
export function networksRefusal(errors: readonly FieldError[], sent: readonly string[]): string | undefined {
  const faults = errors.flatMap(({ path, message }) => {
    const [, name, place] = /^(\w+)(?:\[(\d+)\])?/.exec(path) ?? []
    if (name !== 'allowed_ips') return []
    const entry = place === undefined ? undefined : sent[Number(place)]
    return entry === undefined ? message : named(entry, message)
  })
  return inOne(faults)
}

function named(entry: string, fault: string): string {
  return `${entry.slice(0, longestShown)}: ${fault}`
}

function inOne(faults: readonly string[]): string | undefined {
  if (faults.length === 0) return undefined
  const more = faults.length > mostFaults ? [`There are ${faults.length - mostFaults} more.`] : []
  return [...faults.slice(0, mostFaults), ...more].join(' ')
}
