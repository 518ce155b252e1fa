// A real servlet container (Debian's Tomcat) that tells which path it reads in a request's target.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { missingPrograms } from './programs.ts'

const library = '/usr/share/java/tomcat10-embed-core.jar'
const source = join(import.meta.dirname, 'servlet/SpellingReader.java')

/** What of Debian's packages is not here. */
export function missingForServlets(): string[] {
  return [
    ...(missingPrograms(['javac']).length > 0 ? ['default-jdk-headless'] : []),
    ...(existsSync(library) ? [] : ['libtomcat10-embed-java']),
  ]
}

/** Starts the container; each answer of its own says in `x-read` what it has read. */
export async function startServlets(): Promise<{ url: string } & AsyncDisposable> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-servlets-'))
  const child = spawn('java', ['-cp', library, source, folder], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const ended = new Promise<void>((done) => child.once('close', () => done()))
  const port = await new Promise<string>((ready, fail) => {
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk
        const found = /^listens on (\d+)$/m.exec(output)?.[1]
        if (found) ready(found)
      })
    void ended.then(() => fail(new Error(`The container ended: ${output}`)))
  })
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The path that the container has read, by the answer to a request; undefined if it has refused to read any. */
export function pathRead(answer: string): string | undefined {
  const read = /^x-read: (.*)\r$/im.exec(answer)?.[1]
  return read === undefined ? undefined : decodeURIComponent(read.replaceAll('+', ' '))
}
