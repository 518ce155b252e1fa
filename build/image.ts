// Makes what `Dockerfile` copies: `dist/image/<arch>/latchkey`, and its licenses. Behind `npm run build`:
// `node build/image.ts [--arch x64|arm64]`.
import { mkdirSync, renameSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type Arch, makeExecutable, readArch } from './executable.ts'

/** What images call the machines. */
const platforms: Record<Arch, string> = { x64: 'amd64', arm64: 'arm64' }

/** Makes it from a folder that holds `package.json` and `dist`, in another folder; gives where. */
export async function makeImageFiles(root: string, output: string, arch: Arch): Promise<string> {
  const folder = join(output, platforms[arch])
  mkdirSync(folder, { recursive: true })
  const executable = join(folder, 'latchkey')
  await makeExecutable(root, executable, arch)
  renameSync(`${executable}.licenses.md`, join(folder, 'licenses.md'))
  return folder
}

if (import.meta.main) {
  const root = resolve(import.meta.dirname, '..')
  process.stdout.write(`${await makeImageFiles(root, join(root, 'dist/image'), readArch())}\n`)
}
