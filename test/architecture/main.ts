// `node test/architecture/main.ts [<folder of a checkout>]`: the graph of imports as numbers, and its arrows.
import { resolve } from 'node:path'
import { measure, readImports } from './imports.ts'

const root = process.argv[2] ?? resolve(import.meta.dirname, '../..')
const { rooms, arrows, ...numbers } = measure(readImports(root))
console.log({ rooms: rooms.length, arrows: arrows.length, ...numbers })
for (const room of rooms) {
  const targets = arrows.filter(([from]) => from === room).map(([, to]) => to)
  console.log(`${room} → ${targets.join(', ') || '(nothing)'}`)
}
