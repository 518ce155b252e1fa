// Compresses files once, at the build, that would else be compressed for every reader: each gets its `.br` and its `.gz` beside it.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'

/** Compresses the files of a folder that `wants` names; all of them if it is absent. */
export function compressFolder(folder: string, wants: (name: string) => boolean = () => true): void {
  for (const name of readdirSync(folder).filter(wants)) {
    const bytes = readFileSync(join(folder, name))
    writeFileSync(join(folder, `${name}.br`), brotliCompressSync(bytes))
    writeFileSync(join(folder, `${name}.gz`), gzipSync(bytes, { level: 9 }))
  }
}
