// Stops a process and all that descend from it with SIGSTOP, as a hanging disk or a paused machine would.
import { execFileSync } from 'node:child_process'

/** Stops them; gives the function that lets them go on. */
export function freeze(pid: number): () => void {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  const parents = table
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  const pids = [pid]
  for (const known of pids) for (const [child = 0, parent] of parents) if (parent === known) pids.push(child)
  // Top down, so that nobody is born unseen; some of them may have ended meanwhile.
  const stopped = pids.filter((each) => signal(each, 'SIGSTOP'))
  return () => {
    for (const each of stopped) signal(each, 'SIGCONT')
  }
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}
