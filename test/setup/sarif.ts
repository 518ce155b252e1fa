// What SARIF 2.1.0 allows of the parts that Latchkey writes, as JSON Schema; more than these it may not write without an entry here.
// By hand from the text of the standard: OASIS, 'Static Analysis Results Interchange Format (SARIF) Version 2.1.0 plus Errata 01',
// 28 August 2023, https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/sarif-v2.1.0-errata01-os-complete.html
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'

type Schema = Record<string, unknown>

const some = (properties: Record<string, Schema>, required: string[] = []): Schema => ({
  ...{ type: 'object', properties, required, additionalProperties: false },
})
const listOf = (items: Schema, more: Schema = {}): Schema => ({ type: 'array', items, ...more })
const text: Schema = { type: 'string', minLength: 1 }
/** 3.27.10 and 3.58.6: a result is `warning` if it does not say. */
const level: Schema = { enum: ['none', 'note', 'warning', 'error'] }
/** 3.8: whatever a tool has to say. `tags`, if there, is a list of different texts. */
const propertyBag: Schema = {
  ...{ type: 'object', additionalProperties: true },
  properties: { tags: listOf({ type: 'string' }, { uniqueItems: true }) },
}
/** 3.11: with a text of its own. */
const message = some({ text, markdown: text }, ['text'])
/** 3.12. */
const multiformatMessage = some({ text, markdown: text }, ['text'])
/** 3.30.1: lines and columns count from 1. */
const region = some(
  {
    startLine: { type: 'integer', minimum: 1 },
    startColumn: { type: 'integer', minimum: 1 },
  },
  // 3.30.2: a region of text says where it begins.
  ['startLine'],
)
/** 3.4.3: a URI reference of RFC 3986. */
const artifactLocation = some({ uri: { type: 'string', format: 'uri-reference', minLength: 1 } }, ['uri'])
/** 3.29.2: a file, an address, or both. */
const physicalLocation = some({ artifactLocation, region }, ['artifactLocation'])
/** 3.49: a rule. */
const reportingDescriptor = some(
  {
    id: text,
    shortDescription: multiformatMessage,
    help: multiformatMessage,
    defaultConfiguration: some({ level }),
  },
  ['id'],
)
/** 3.27: of which 3.27.11 asks for a message. */
const result = some(
  {
    ruleId: text,
    ruleIndex: { type: 'integer', minimum: 0 },
    level,
    message,
    locations: listOf(some({ physicalLocation })),
    // 3.27.17: versioned names, each with a text.
    partialFingerprints: { type: 'object', additionalProperties: { type: 'string' } },
    properties: propertyBag,
  },
  ['message'],
)
/** 3.20, of which 3.20.14 asks whether all went well. */
const invocation = some(
  {
    executionSuccessful: { type: 'boolean' },
    toolExecutionNotifications: listOf(some({ level, message }, ['message'])),
  },
  ['executionSuccessful'],
)
/** 3.19. */
const toolComponent = some(
  {
    name: text,
    version: text,
    informationUri: { type: 'string', format: 'uri' },
    rules: listOf(reportingDescriptor, { uniqueItems: true }),
  },
  ['name'],
)
/** 3.14. */
const run = some(
  {
    tool: some({ driver: toolComponent }, ['driver']),
    columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
    invocations: listOf(invocation, { uniqueItems: true }),
    results: listOf(result),
  },
  ['tool'],
)
/** 3.13. */
const sarifLog = some(
  {
    $schema: { type: 'string', format: 'uri' },
    version: { const: '2.1.0' },
    runs: listOf(run),
  },
  ['version', 'runs'],
)

const ajv = new Ajv({ strict: true, allErrors: true })
addFormats.default(ajv)
const validate = ajv.compile(sarifLog)

/** What is wrong with a log, by the standard; nothing if all is well. */
export function sarifFaults(log: unknown): string[] {
  const faults = validate(log) ? [] : (validate.errors ?? []).map((e) => `${e.instancePath} ${e.message}`)
  return [...faults, ...((log as { runs?: Run[] }).runs?.flatMap(ruleFaults) ?? [])]
}

interface Run {
  tool: { driver: { rules?: { id: string }[] } }
  results?: { ruleId?: string; ruleIndex?: number }[]
}

/** 3.27.5 and 3.27.6: the index of a result's rule leads to the rule of its id. */
function ruleFaults({ tool, results = [] }: Run): string[] {
  return results
    .filter(
      ({ ruleId, ruleIndex }) => ruleIndex !== undefined && tool.driver.rules?.[ruleIndex]?.id !== ruleId,
    )
    .map(({ ruleId }) => `${ruleId} is not the rule of its index`)
}
