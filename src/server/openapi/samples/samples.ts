// Code for each operation: the same request with curl, by each client, and the command that does the same.
import type { JsonSchema } from '../schemas.ts'
import { calls } from './calls.ts'
import { writeCurl } from './curl.ts'
import { writeGo } from './go.ts'
import { writePython } from './python.ts'
import { requestOf, type SampledOperation } from './request.ts'
import { writeTypeScript } from './typescript.ts'

export interface Sample {
  language: Language
  code: string
}
export const languages = ['curl', 'TypeScript', 'Python', 'Go', 'latchkey'] as const
export type Language = (typeof languages)[number]

/** Writes the samples of an operation. */
export function samplesOf(operation: SampledOperation, shapes: Record<string, JsonSchema>): Sample[] {
  const call = calls[operation.operationId]
  const request = requestOf(operation, call, shapes)
  const written: [Language, string | undefined][] = [
    ['curl', writeCurl(operation, request)],
    ['TypeScript', call && call.typescript !== false ? writeTypeScript(request) : undefined],
    ['Python', call && writePython(request)],
    ['Go', call && writeGo(request)],
    ['latchkey', call?.command],
  ]
  return written.flatMap(([language, code]) => (code === undefined ? [] : [{ language, code }]))
}
