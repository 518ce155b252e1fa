// `npm run sizes`: what the client and the guards add to a program that a bundler makes, in bytes. Behind `npm run build`.
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'

/** What a program imports, by what it is for; paths of `dist`. */
const uses: Record<string, string> = {
  client: `export { createClient } from 'client/index.js'`,
  verifier: `export { createVerifier } from 'client/index.js'`,
  'client and verifier': `export * from 'client/index.js'`,
  'guard for fetch': `export * from 'middleware/fetch.js'`,
  'guard for Hono': `export * from 'middleware/hono.js'`,
  'guard for Express': `export * from 'middleware/express.js'`,
  'guard for Fastify': `export * from 'middleware/fastify.js'`,
  'verifier and guard for Express': `export { createVerifier } from 'client/index.js'; export * from 'middleware/express.js'`,
}

/** How large a program's part is, minified, as it is and compressed by gzip. */
export interface Size {
  use: string
  minified: number
  gzip: number
}

/** Measures what is built in a folder such as `dist`. */
export async function measureSizes(dist: string): Promise<Size[]> {
  const sizes: Size[] = []
  for (const [use, program] of Object.entries(uses)) {
    const code = await bundle(program.replaceAll("from '", `from '${dist}/`))
    sizes.push({ use, minified: Buffer.byteLength(code), gzip: gzipSync(code, { level: 9 }).length })
  }
  return sizes
}

async function bundle(program: string): Promise<string> {
  const name = 'virtual:program'
  const built = await build({
    configFile: false,
    logLevel: 'error',
    plugins: [
      {
        name: 'program',
        resolveId: (id) => (id === name ? id : undefined),
        load: (id) => (id === name ? program : undefined),
      },
    ],
    build: {
      write: false,
      minify: true,
      target: 'es2022',
      modulePreload: false,
      rolldownOptions: {
        input: name,
        preserveEntrySignatures: 'strict',
        output: { format: 'es', codeSplitting: false },
      },
    },
  })
  const [{ output }] = [built].flat() as unknown as [{ output: { code: string }[] }]
  return output[0]?.code ?? ''
}

if (import.meta.main) {
  console.log('| in a program | minified | gzip |\n| --- | --- | --- |')
  for (const { use, minified, gzip } of await measureSizes(join(resolve(import.meta.dirname, '..'), 'dist')))
    console.log(`| ${use} | ${(minified / 1000).toFixed(1)} kB | ${(gzip / 1000).toFixed(1)} kB |`)
}
