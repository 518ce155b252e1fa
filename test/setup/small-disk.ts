// A disk of a few megabytes, to be filled to the last byte: a tmpfs, which takes root.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Mounts one, until it is disposed of. Throws where this user or this container may not. */
export function mountSmallDisk(megabytes: number): { folder: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-disk-'))
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
  const asRoot = (...command: string[]) => {
    const [program = '', ...rest] = uid === 0 ? command : ['sudo', '-n', ...command]
    execFileSync(program, rest, { stdio: 'pipe' })
  }
  try {
    asRoot('mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,uid=${uid},gid=${gid}`, 'latchkey-test', folder)
  } catch (error) {
    rmSync(folder, { recursive: true })
    throw error
  }
  return {
    folder,
    [Symbol.dispose]: () => {
      asRoot('umount', folder)
      rmSync(folder, { recursive: true })
    },
  }
}

export function canMountDisks(): boolean {
  try {
    using _ = mountSmallDisk(1)
    return true
  } catch {
    return false
  }
}
