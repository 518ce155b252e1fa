// The roles of members: the table of the contract, written out.
import { expect, test } from 'vitest'
import { permissionsOfRole } from '../src/core/access.ts'
import { covers, managementPermissions } from '../src/core/permissions.ts'
import { notOnRoot, roles } from '../src/core/roles.ts'

/** `•` for all, `h` for all but the root organization's own; of the others nothing stands there. */
const table = `
permission           | R owner | R admin | R developer | R viewer | R auditor | C owner | C admin | C developer | C viewer | C auditor
keys:read            | •       | •       | •           | •        | •         | •       | •       | •           | •        | •
usage:read           | •       | •       | •           | •        | •         | •       | •       | •           | •        | •
keys:write           | •       | •       | •           |          |           | •       | •       | •           |          |
keys:verify          | •       | •       | •           |          |           | •       | •       | •           |          |
self:derive          | •       | •       | •           |          |           | •       | •       | •           |          |
organizations:read   | •       | •       | •           | •        | •         | •       | •       | •           | •        | •
organizations:write  | •       | •       |             |          |           |         |         |             |          |
limits:write         | •       | •       |             |          |           |         |         |             |          |
metadata:write       | •       | •       |             |          |           |         |         |             |          |
portal:write         | •       | •       |             |          |           |         |         |             |          |
webhooks:read        | •       | •       | •           |          | •         | •       | •       | •           |          | •
webhooks:write       | •       | h       |             |          |           | •       | •       |             |          |
members:read         | •       | •       |             |          | •         | •       | •       |             |          | •
audit:read           | •       | •       |             |          | •         | •       | •       |             |          | •
members:write        | •       | h       |             |          |           | •       | •       |             |          |
`

const [head = [], ...rows] = table
  .trim()
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()))

test.each(head.slice(1).map((name, i) => [name, i + 1] as const))(
  '%s may do what the table says, and nothing else',
  (name, column) => {
    const [kind, role = ''] = name.split(' ')
    const list = permissionsOfRole(kind === 'R' ? 'root' : 'acme', role as 'owner')
    const named = rows.filter((row) => row[column] !== '').map((row) => `latchkey:${row[0]}`)
    if (name === 'R owner') {
      expect(list).toEqual(['latchkey:*'])
      expect(named.every((permission) => covers(list, permission))).toBe(true)
    } else expect([...list].sort()).toEqual(named.sort())
  },
)

test('an admin of the root organization may not do to that one what the table excepts, and nobody else is excepted', () => {
  const excepted = rows.flatMap((row) =>
    row.flatMap((cell, column) => (cell === 'h' ? [`${head[column]} latchkey:${row[0]}`] : [])),
  )
  expect(excepted.sort()).toEqual(notOnRoot.map((permission) => `R admin ${permission}`).sort())
})

test('the table has every role, and every permission but those of the root owner alone', () => {
  expect(head.slice(1)).toEqual(['R', 'C'].flatMap((kind) => roles.map((role) => `${kind} ${role}`)))
  const ofOwnerAlone = ['latchkey:audit:write', 'latchkey:permissions:write']
  const listed = rows.map(([permission]) => `latchkey:${permission}`)
  expect([...listed, ...ofOwnerAlone].sort()).toEqual([...managementPermissions].sort())
})
