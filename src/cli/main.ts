#!/usr/bin/env node
// The command `latchkey`. It imports nothing at first, so that a Node that is too old can still say so.

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `latchkey: Latchkey requires Node.js 22.18 or later, and this is ${process.versions.node}. Install a later one ` +
      'from https://nodejs.org. In a checkout of Latchkey, `npm start` uses its own.\n',
  )
  process.exit(2)
}

// Node 22 and 24 call their SQLite experimental at every start: no news to the person who runs this program.
const { emitWarning } = process
process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
  if (rest[0] === 'ExperimentalWarning' && String(warning).startsWith('SQLite')) return
  Reflect.apply(emitWarning, process, [warning, ...rest])
}

// Node would open its debugger to any process that may send this signal.
process.on('SIGUSR1', () => {})
// A worker of the executable is given the path of that once more, in the place of a script.
const isWorker = process.getBuiltinModule('node:cluster').isWorker
const argv = process.argv.slice(isWorker && process.getBuiltinModule('node:sea').isSea() ? 3 : 2)
if (argv[0] === 'serve' || argv[0] === 'relay') (await import('./processes/signals.ts')).hearStopSignals()

const { runProgram } = await import('./program.ts')
await runProgram(argv)
