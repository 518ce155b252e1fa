// Writes the descriptions of the shapes' fields into their types, so that editors show them: the compiler infers the types
// of schemas, and leaves behind what was written of their fields.
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'

/** Describes the fields of every shape in a folder such as `dist/core/shapes`. */
export async function describeTypes(shapes: string): Promise<void> {
  for (const name of globSync('*.js', { cwd: shapes })) {
    const exported: Record<string, unknown> = await import(pathToFileURL(join(shapes, name)).href)
    const types = join(shapes, name.replace(/\.js$/, '.d.ts'))
    writeFileSync(types, describe(readFileSync(types, 'utf8'), exported))
  }
}

/** An object that the compiler wrote over several lines: its fields are indented by four more than its end. */
interface OpenObject {
  end: string
  /** The lines of its fields, by their names. */
  fields: Map<string, number>
  name: string | undefined
}

function describe(text: string, exported: Record<string, unknown>): string {
  const known = objectsIn(Object.values(exported))
  const lines = text.split('\n')
  const open: OpenObject[] = []
  const described = new Map<number, string>()
  for (const [i, line] of lines.entries()) {
    const [, indent = '', field] = /^( *)(?:(\w+): )?/.exec(line) ?? []
    const innermost = open.at(-1)
    if (innermost && indent.length === innermost.end.length + 4 && field) innermost.fields.set(field, i)
    if (innermost && line.startsWith(`${innermost.end}}`)) {
      const schema = find(known, exported[innermost.name ?? ''], [...innermost.fields.keys()])
      for (const [field, at] of innermost.fields) {
        const description = schema && descriptionOf(schema.shape[field] as z.ZodType)
        if (description) described.set(at, `${innermost.end}    /** ${description} */`)
      }
      open.pop()
    }
    if (line.endsWith('z.ZodObject<{')) {
      const [, name] = /declare const (\w+): z\.ZodObject<\{$/.exec(line) ?? []
      open.push({ end: indent, fields: new Map(), name })
    }
  }
  return lines
    .flatMap((line, i) => {
      const comment = described.get(i)
      // Built anew, it stands there already.
      return comment === undefined || lines[i - 1] === comment ? [line] : [comment, line]
    })
    .join('\n')
}

/** Finds the object that a declaration names, or else one with just its fields. */
function find(known: Set<z.ZodObject>, named: unknown, fields: readonly string[]): z.ZodObject | undefined {
  if (named instanceof z.ZodObject) return named
  return [...known].find(({ shape }) => {
    const own = Object.keys(shape)
    return own.length === fields.length && own.every((field) => fields.includes(field))
  })
}

function objectsIn(values: readonly unknown[], found = new Set<z.ZodObject>()): Set<z.ZodObject> {
  for (const value of values) {
    if (value instanceof z.ZodObject && !found.has(value)) {
      found.add(value)
      objectsIn(Object.values(value.shape), found)
    } else if (value instanceof z.ZodType) objectsIn(partsOf(value), found)
  }
  return found
}

function partsOf(schema: z.ZodType): unknown[] {
  const { innerType, element, options, in: input, out } = schema.def as unknown as Record<string, unknown>
  return [innerType, element, input, out, ...((options as unknown[] | undefined) ?? [])]
}

function descriptionOf(schema: z.ZodType): string | undefined {
  const { description } = schema
  if (description !== undefined) return description
  const { innerType } = schema.def as { innerType?: z.ZodType }
  return innerType && descriptionOf(innerType)
}
