// The bill of materials of what is released, as CycloneDX 1.6 wants it.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import addFormats from 'ajv-formats'
import type { Component } from './components.ts'

/** What the bill is of. */
export interface Subject {
  /** As npm names it. */
  name: string
  /** The files, as they are called. */
  files: readonly string[]
  type: 'library' | 'application'
  version: string
  /** When the commit was made, in seconds. */
  commitTime: number
  /** What it was made with, for whoever makes it again. */
  tools: Record<string, string>
}

/** Writes a bill of materials: the same components give the same bytes. */
export function writeSbom(subject: Subject, components: readonly Component[]): string {
  const { name, version } = subject
  const root = nameForNpm(name, version)
  const body = {
    metadata: {
      timestamp: new Date(subject.commitTime * 1000).toISOString(),
      lifecycles: [{ phase: 'build' }],
      tools: {
        components: Object.entries(subject.tools).map(([tool, of]) => ({
          ...{ type: 'application', name: tool, version: of },
        })),
      },
      component: {
        ...{ type: subject.type, 'bom-ref': root, ...splitName(name), version, purl: root },
        licenses: [{ license: { id: 'Apache-2.0' } }],
        externalReferences: [{ type: 'vcs', url: 'https://github.com/latchkey-dev/latchkey' }],
        properties: subject.files.map((value) => ({ name: 'latchkey:file', value })),
      },
    },
    components: components.map(describe),
    dependencies: [
      { ref: root, dependsOn: components.filter(({ isDirect }) => isDirect).map(refOf) },
      ...components.map((component) => ({ ref: refOf(component), dependsOn: refsOf(component, components) })),
    ],
  }
  return `${JSON.stringify(
    {
      ...{ $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json', bomFormat: 'CycloneDX' },
      ...{ specVersion: '1.6', serialNumber: `urn:uuid:${nameByContent(body)}`, version: 1, ...body },
    },
    undefined,
    2,
  )}\n`
}

/** Throws unless a text is a bill of materials by the published schema, which lies in a folder of packages. */
export function checkSbom(text: string, packages: string): void {
  const folder = join(packages, '@cyclonedx/cyclonedx-library/res/schema')
  const read = (name: string) =>
    JSON.parse(readFileSync(join(folder, `${name}.SNAPSHOT.schema.json`), 'utf8'))
  const ajv = new Ajv({ strict: false, allErrors: true })
  const base = 'http://cyclonedx.org/schema/'
  for (const name of ['spdx', 'jsf-0.82']) ajv.addSchema(read(name), `${base}${name}.SNAPSHOT.schema.json`)
  ajv.addFormat('idn-email', true).addFormat('iri-reference', true)
  addFormats.default(ajv)
  const validate = ajv.compile(read('bom-1.6'))
  if (!validate(JSON.parse(text)))
    throw new Error(`It is no CycloneDX 1.6: ${ajv.errorsText(validate.errors, { separator: '\n' })}`)
}

function describe(component: Component): object {
  const { name, version, license, sha512, cpe, place } = component
  return {
    ...{ type: place === 'executable' && cpe ? 'platform' : 'library', 'bom-ref': refOf(component) },
    ...splitName(name),
    version,
    ...(sha512 && { hashes: [{ alg: 'SHA-512', content: sha512 }] }),
    ...(license && { licenses: [{ license: { id: license } }] }),
    ...(cpe && { cpe: `cpe:2.3:a:${cpe}:${version.split('-')[0]}:*:*:*:*:*:*:*` }),
    purl: purlOf(component),
    properties: [{ name: 'latchkey:place', value: place }],
  }
}

function splitName(name: string): { group?: string; name: string } {
  const [scope = '', rest] = name.split('/')
  return rest === undefined ? { name } : { group: scope, name: rest }
}

/** The package's address (purl): npm's, or for what comes with Node.js a general one. */
function purlOf({ name, version, sha512 }: Component): string {
  return sha512 === undefined ? `pkg:generic/${name}@${version}` : nameForNpm(name, version)
}

function nameForNpm(name: string, version: string): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}

function refOf(component: Component): string {
  return `${component.place}:${purlOf(component)}`
}

function refsOf(component: Component, components: readonly Component[]): string[] {
  const place = component.name === 'node' ? 'Node.js' : component.place
  return components
    .filter((other) => other.place === place && component.dependsOn.includes(other.name))
    .map(refOf)
}

/** A UUID of version 8 (RFC 9562) that says nothing but what the content is. */
function nameByContent(content: object): string {
  const bytes = createHash('sha256').update(JSON.stringify(content)).digest().subarray(0, 16)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
