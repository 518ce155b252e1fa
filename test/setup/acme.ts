// The organization that most tests act for.
import type { Latchkey } from '../../src/latchkey.ts'

/** Creates it, with the id `acme`. */
export function createAcme({ organizations }: Pick<Latchkey, 'organizations'>) {
  return organizations.create({ id: 'acme', name: 'Acme' })
}
