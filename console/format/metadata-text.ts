// Metadata as people type it: a JSON object, or nothing. Pure.
import { describeFaults, pathOf } from '../../src/core/errors.ts'
import { findInexact, findRepeatedName } from '../../src/core/exact-json.ts'
import { longestMetadata, metadataFault, metadataSize } from '../../src/core/metadata.ts'
import { withMarks } from './foreign-text.ts'

type ReadMetadata = { metadata: Record<string, unknown>; fault?: never } | { metadata?: never; fault: string }

/** Reads what was typed; nothing is an empty object. Where it is not what metadata may be, says why. */
export function readMetadata(text: string): ReadMetadata {
  if (text.trim() === '') return { metadata: {} }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return {
      fault: `This is not JSON yet: ${error instanceof Error ? withMarks(error.message) : 'it cannot be read'}.`,
    }
  }
  const repeated = findRepeatedName(text)
  if (repeated !== undefined) return { fault: repeated }
  const inexact = findInexact(text)
  if (inexact.length > 0) return { fault: describeFaults(inexact) }
  const fault = metadataFault(value)
  if (fault === undefined) return { metadata: value as Record<string, unknown> }
  if (!isObject(value)) {
    return { fault: 'Must be an object, with names and values in braces, such as {"plan": "pro"}.' }
  }
  const size = metadataSize(value)
  return {
    fault:
      size > longestMetadata
        ? `Must have at most ${longestMetadata} bytes as JSON, and has ${size}.`
        : describeFaults([{ path: pathOf(fault.path), message: fault.message }]),
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Metadata as the field shows it: an empty object is nothing. */
export function writeMetadata(metadata: Readonly<Record<string, unknown>>): string {
  return Object.keys(metadata).length === 0 ? '' : JSON.stringify(metadata, null, 2)
}
