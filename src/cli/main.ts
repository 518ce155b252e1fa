#!/usr/bin/env node
// The command `latchkey`. It imports nothing at first, so that a Node that is too old can still say so.

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `latchkey: This is Node.js ${process.versions.node}, and Latchkey needs 22.18 or later. Install one from ` +
      'https://nodejs.org; in a checkout of Latchkey, `npm start` uses the one that it brings.\n',
  )
  process.exit(2)
}

// Node 22 and 24 call their SQLite experimental at every start: no news to who runs this program.
const { emitWarning } = process
process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
  if (rest[0] === 'ExperimentalWarning' && String(warning).startsWith('SQLite')) return
  Reflect.apply(emitWarning, process, [warning, ...rest])
}

// Node would open its debugger to whoever may send this signal.
process.on('SIGUSR1', () => {})
if (process.argv[2] === 'serve') (await import('./processes/signals.ts')).hearStopSignals()

const { runProgram } = await import('./program.ts')
await runProgram(process.argv.slice(2))
