// Builds the image and runs it without an engine: with buildah, and as the first process of namespaces of its own, as the
// image's configuration says, with its root read-only. Wants root.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What an image says of the processes that run in it. */
export interface ImageConfig {
  User: string
  Env: string[]
  Entrypoint: string[]
  Cmd: string[]
  WorkingDir: string
  Volumes: Record<string, object>
  ExposedPorts: Record<string, object>
  Labels: Record<string, string>
  StopSignal: string
  Healthcheck: { Test: string[] }
}

/** An image whose files lie in a folder. */
export interface TestImage {
  config: ImageConfig
  root: string
  /** How large it is as an archive, as it is pushed. */
  packedBytes: number
  /** Lets go of the folder. */
  unmount(): Promise<unknown>
}

/** Builds the repository's image in a folder, on a Debian that debootstrap brings under the name that the Dockerfile wants. */
export async function buildImage(repository: string, folder: string): Promise<TestImage> {
  const store = ['--root', join(folder, 'images'), '--runroot', join(folder, 'running')]
  const buildah = async (...args: string[]) => {
    const env = { ...process.env, STORAGE_DRIVER: 'vfs', BUILDAH_ISOLATION: 'chroot' }
    const options = { env, cwd: repository, maxBuffer: 1e8 }
    return (await run('buildah', [...store, ...args], options)).stdout.trim()
  }
  const debian = join(folder, 'debian')
  await run('debootstrap', ['--variant=minbase', 'trixie', debian], { maxBuffer: 1e8 })
  await run('sh', ['-c', 'rm -rf "$0"/var/cache/apt/archives/*.deb "$0"/var/lib/apt/lists/*', debian])
  const base = await buildah('from', 'scratch')
  await buildah('add', '--quiet', base, debian, '/')
  const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
  await buildah('config', '--env', `PATH=${path}`, base)
  const [, name = ''] = /^FROM (\S+)$/m.exec(readFileSync(join(repository, 'Dockerfile'), 'utf8')) ?? []
  await buildah('commit', '--quiet', base, `docker.io/library/${name}`)
  // Docker's own format: the other one has no health check.
  await buildah('bud', '--format=docker', '--pull-never', '--layers=false', '--tag=localhost/latchkey', '.')
  const inspected = JSON.parse(await buildah('inspect', '--type=image', 'localhost/latchkey'))
  const archive = join(folder, 'latchkey.tar')
  await buildah('push', '--quiet', 'localhost/latchkey', `oci-archive:${archive}`)
  const container = await buildah('from', '--pull-never', 'localhost/latchkey')
  return {
    config: inspected.Docker.config,
    root: await buildah('mount', container),
    packedBytes: statSync(archive).size,
    unmount: () => buildah('umount', container),
  }
}

/** A container that runs. */
export interface TestContainer {
  /** The first process, by its number outside. */
  pid: number
  stdout(): string
  stderr(): string
  /** Waits for the end of the first process; gives its exit code. */
  ended: Promise<number | null>
  /** Runs a command in it, as `docker exec` does. */
  exec(...command: string[]): Promise<{ stdout: string; stderr: string; code: number }>
}

/** Runs the image's command with its root read-only and a folder as its volume, and without any privilege. */
export async function startContainer(
  { config, root }: TestImage,
  { volume, env }: { volume: string; env: Record<string, string> },
): Promise<TestContainer> {
  const variables = [...config.Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)]
  const inside = ['chroot', `--userspec=${config.User}`, root, 'env', `--chdir=${config.WorkingDir}`]
  const [place = ''] = Object.keys(config.Volumes)
  mkdirSync(volume, { recursive: true })
  const script = `
    set -e
    mount --bind "$1" "$1"
    mount --bind "$2" "$1$3"
    mount -t proc proc "$1/proc"
    mount -o remount,bind,ro "$1"
    shift 3
    exec env -i "$@"`
  const child = spawn('unshare', [
    ...['--pid', '--fork', '--kill-child', '--mount', '--uts', '--ipc'],
    ...['sh', '-c', script, 'sh', root, volume, place],
    ...[...variables, 'setpriv', '--no-new-privs', ...inside, ...config.Entrypoint, ...config.Cmd],
  ])
  const output = collect(child)
  const ended = new Promise<number | null>((done) => child.once('close', done))
  const pid = await firstChild(child.pid as number)
  return {
    pid,
    ...output,
    ended,
    exec: async (...command) => {
      const enter = ['--target', String(pid), '--pid', '--mount', '--uts', '--ipc', '--', 'env', '-i']
      const all = [...enter, ...variables, ...inside, ...command]
      return run('nsenter', all).then(
        (done) => ({ ...done, code: 0 }),
        ({ stdout, stderr, code }) => ({ stdout, stderr, code }),
      )
    },
  }
}

/** The numbers of the processes whose parent this one is, as the system counts them outside. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

/** What `/proc/<pid>/status` says of a process: the words behind a name. */
export function statusOf(pid: number, name: string): string[] {
  const line = new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return (line?.[1] ?? '').split(/\s+/)
}

async function firstChild(pid: number): Promise<number> {
  for (;;) {
    const [child] = childrenOf(pid)
    if (child !== undefined) return child
    await new Promise((done) => setTimeout(done, 5))
  }
}

function collect(child: ChildProcess): { stdout(): string; stderr(): string } {
  const text = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (part: string) => {
      text[name] += part
    })
  return { stdout: () => text.stdout, stderr: () => text.stderr }
}
