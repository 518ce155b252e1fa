// Scans all that a git repository holds, each content once, without a look at its files: deleted ones and messages too.
import { spawn } from 'node:child_process'
import { ownVariables } from '../../config.ts'
import { maxUnpackedBytes } from './archives.ts'
import { type HeldLeak, Scanner } from './scanner.ts'

/** What git is told, so that it runs no program and reads no file that the repository names. */
const harmless = [
  '--no-pager',
  '--no-replace-objects',
  '-c',
  'core.fsmonitor=false',
  '-c',
  'core.quotepath=false',
]
/**
 * What a partial clone lacks is not fetched: the repository names by what program. A variable, since `protocol.ext.allow` of
 * the repository would come before `protocol.allow` of ours.
 */
const offline = { GIT_ALLOW_PROTOCOL: 'none', GIT_NO_LAZY_FETCH: '1' }

/** Scans the history of a repository: a place is told by the first commit that has the content, and its path there. */
export async function scanHistory(repository: string, scanner: Scanner): Promise<void> {
  const found = new Scanner()
  const messages: HeldLeak[] = []
  const places: Places = new Map()
  try {
    const objects = ['cat-file', '--batch', '--batch-all-objects', '--unordered', '--buffer']
    for await (const { id, type, content } of readObjects(runGit(repository, objects))) {
      if (type === 'missing') found.tellUnread(id, 'is broken')
      else if (content === undefined) found.tellUnread(id, 'is too long to unpack')
      else if (type === 'blob') found.scanBytes(id, content)
      else {
        const before = found.scanned.leaks.length
        found.scanBytes(`the message of a ${type}`, content, type === 'commit' ? id : null)
        messages.push(...found.scanned.leaks.splice(before))
      }
    }
    const gaps = await findGaps(repository)
    for (const reason of gaps) found.tellUnread(repository, reason)
    if (found.scanned.leaks.length > 0)
      await findPlaces(repository, found.scanned.leaks, places, gaps.length > 0)
  } catch (error) {
    if (!(error instanceof GitError)) throw error
    const isOthers = await isOfAnother(repository)
    scanner.tellUnread(
      repository,
      isOthers ? 'is of another user: git reads it once its safe.directory names it' : error.message,
    )
  }
  // What was found before git failed was found.
  scanner.take(found.scanned, [...found.scanned.leaks.map((leak) => placed(leak, places)), ...messages])
}

/** The first commit and path of each content. */
type Places = Map<string, { commit: string; path: string }>

/** Why not all of the history is there to be scanned; nothing of it is fetched. */
async function findGaps(repository: string): Promise<string[]> {
  const isShallow = (await readGit(repository, ['rev-parse', '--is-shallow-repository'])).trim() === 'true'
  const missing = (await isPartial(repository)) ? await countMissing(repository) : 0
  return [
    ...(isShallow ? ['is a shallow clone: commits before those that it has were not scanned'] : []),
    ...(missing > 0 ? [`is a partial clone: ${missing} objects that it lacks were not scanned`] : []),
  ]
}

async function isPartial(repository: string): Promise<boolean> {
  const names = ['config', '--name-only', '--list', '-z']
  return /^(extensions\.partialclone|remote\..*\.promisor)$/im.test(
    (await readGit(repository, names)).replaceAll('\0', '\n'),
  )
}

/** How many objects commits name that are not there. */
async function countMissing(repository: string): Promise<number> {
  let [missing, last] = [0, '\n']
  for await (const part of runGit(repository, ['rev-list', '--all', '--objects', '--missing=print'])) {
    const printed = last + part.toString('latin1')
    missing += printed.split('\n?').length - 1
    last = printed.slice(-1)
  }
  return missing
}

class GitError extends Error {}

const idLength = (path: string) => path.match(/^[0-9a-f]+/)?.[0].length ?? 0

function placed(leak: HeldLeak, places: Places): HeldLeak {
  const length = idLength(leak.path)
  const place = places.get(leak.path.slice(0, length))
  if (place === undefined) return { ...leak, path: `${leak.path} (in no commit that is here)` }
  return { ...leak, commit: place.commit, path: place.path + leak.path.slice(length) }
}

/** Finds them: git tells the newest commit first, so the last that is told counts. */
async function findPlaces(
  repository: string,
  leaks: readonly HeldLeak[],
  places: Places,
  hasGaps: boolean,
): Promise<void> {
  const ids = new Set(leaks.map(({ path }) => path.slice(0, idLength(path))))
  const log = ['log', '--all', '--topo-order', '--no-show-signature', '--no-ext-diff', '--no-textconv']
  const form = ['-m', '--root', '--raw', '--no-abbrev', '--no-renames', '--no-relative', '--format=commit %H']
  // A configuration may name others, and one of them that never ends.
  const files = ['--no-mailmap', '-O/dev/null', '--encoding=UTF-8']
  let [commit, rest] = ['', '']
  // Of a clone without trees, git tells the commits before the first that it lacks.
  const end = hasGaps ? 'any end' : 'success'
  for await (const part of runGit(repository, [...log, ...form, ...files], end)) {
    const lines = (rest + part.toString('latin1')).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.startsWith('commit ')) commit = line.slice('commit '.length)
      const [, id = '', path = ''] = /^:\S+ \S+ \S+ (\S+) \S+\t(.*)$/.exec(line) ?? []
      if (ids.has(id)) places.set(id, { commit, path: Buffer.from(path, 'latin1').toString() })
    }
  }
}

/** What git prints. Throws GitError if it fails, unless that is expected. */
async function* runGit(
  repository: string,
  args: readonly string[],
  end: 'success' | 'any end' = 'success',
): AsyncGenerator<Buffer> {
  const git = spawn('git', ['-C', repository, ...harmless, ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...ownVariables(), ...offline },
  })
  const ended = new Promise<string | undefined>((done) => {
    git.once('error', () => done('git cannot be run'))
    git.once('close', (code) => done(code === 0 ? undefined : 'git cannot read this as a repository'))
  })
  try {
    for await (const part of git.stdout) yield part as Buffer
    const failure = await ended
    if (failure !== undefined && end === 'success') throw new GitError(failure)
  } finally {
    git.kill()
  }
}

/** Tells whether git reads a repository only if its owner does not matter. */
async function isOfAnother(repository: string): Promise<boolean> {
  try {
    // It reads no more than where the repository is.
    await readGit(repository, ['-c', 'safe.directory=*', 'rev-parse', '--git-dir'])
    return true
  } catch {
    return false
  }
}

async function readGit(repository: string, args: readonly string[]): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of runGit(repository, args)) parts.push(part)
  return Buffer.concat(parts).toString()
}

/** An object of git; its content is absent if that is too long. */
interface GitObject {
  id: string
  type: string
  content: Buffer | undefined
}

/** The objects in what `git cat-file --batch` prints, but for trees: `<id> <type> <size>`, the content, a newline. */
async function* readObjects(output: AsyncIterable<Buffer>): AsyncGenerator<GitObject> {
  let head: { id: string; type: string; end: number; isTooLong: boolean } | undefined
  let parts: Buffer[] = []
  let length = 0
  for await (const part of output) {
    parts.push(part)
    length += part.length
    // Joined only when there is something to take: else a long content would be copied with every part.
    if (head && length < head.end) {
      if (!head.isTooLong) continue
      head.end -= length
      parts = []
      length = 0
      continue
    }
    let bytes = Buffer.concat(parts)
    for (;;) {
      if (head === undefined) {
        const at = bytes.indexOf('\n')
        if (at < 0) break
        const [id = '', type = '', size] = bytes.toString('latin1', 0, at).split(' ')
        bytes = bytes.subarray(at + 1)
        if (size === undefined) {
          // A broken object has no content, not even an empty one: `<id> missing`.
          yield { id, type, content: undefined }
          continue
        }
        head = { id, type, end: Number(size) + 1, isTooLong: Number(size) > maxUnpackedBytes }
      }
      if (bytes.length < head.end) break
      const { id, type, end, isTooLong } = head
      const content = isTooLong ? undefined : bytes.subarray(0, end - 1)
      if (type !== 'tree') yield { id, type, content }
      bytes = bytes.subarray(end)
      head = undefined
    }
    parts = [bytes]
    length = bytes.length
  }
}
