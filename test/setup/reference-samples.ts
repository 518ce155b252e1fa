// The code that the reference page shows, by language: for the tests that run, type-check and vet it.
import { routes } from '../../src/server/app.ts'
import { openApiDocument } from '../../src/server/openapi/document.ts'
import { type Language, type Sample, samplesOf } from '../../src/server/openapi/samples/samples.ts'
import type { JsonSchema } from '../../src/server/openapi/schemas.ts'

interface Operation {
  operationId: string
  responses: Record<string, { content?: Record<string, { schema: JsonSchema }> }>
}

/** The samples of every operation. */
export function referenceSamples(): Map<string, Sample[]> {
  const { paths, components } = openApiDocument(routes) as {
    paths: Record<string, Record<string, Operation>>
    components: { schemas: Record<string, JsonSchema> }
  }
  const samples = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => {
      const success = Object.entries(operation.responses).find(([status]) => status.startsWith('2'))?.[1]
      const answer = Object.values(success?.content ?? {})[0]?.schema
      const described = { ...operation, method: method.toUpperCase(), path, answer }
      return [operation.operationId, samplesOf(described, components.schemas)] as const
    }),
  )
  return new Map(samples)
}

/** The code in a language, by operation. */
export function samplesIn(language: Language): [operationId: string, code: string][] {
  return [...referenceSamples()].flatMap(([operationId, samples]) =>
    samples
      .filter((sample) => sample.language === language)
      .map(({ code }): [string, string] => [operationId, code]),
  )
}
