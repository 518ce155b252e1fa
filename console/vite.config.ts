// Builds the console into `dist/console`: hashed files, each beside its compressed forms, for server/console.ts to serve.
import { join } from 'node:path'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'
import { compressFolder } from '../build/compress.ts'

// Whatever the surroundings are, what is built is what is published.
if (process.argv.includes('build')) process.env.NODE_ENV = 'production'

const server = process.env.LATCHKEY_URL ?? 'http://127.0.0.1:7373'

export default defineConfig({
  root: import.meta.dirname,
  publicDir: false,
  plugins: [react(), tailwindcss(), compress()],
  build: {
    outDir: '../dist/console',
    emptyOutDir: true,
    // The first browsers with light-dark() and the popover's manners.
    target: ['chrome123', 'firefox128', 'safari17.5'],
    // The policy allows no script and no image that stands in the page itself.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'licenses.md' },
  },
  // `npx vite console` shows changes at once, on top of a running server.
  server: { proxy: { '/v1': server, '/docs': server, '/healthz': server, '/openapi.json': server } },
})

/** Compresses once, here, what would else be compressed for every reader. */
function compress(): Plugin {
  let folder = ''
  return {
    name: 'compress',
    apply: 'build',
    writeBundle: ({ dir }) => {
      folder = join(dir as string, 'assets')
    },
    closeBundle: () => {
      if (folder !== '') compressFolder(folder)
    },
  }
}
