// How a change runs in one transaction, on either database: no statement waits for the answer of the one before, and the
// commit goes out behind the last ones.
import { type DatabaseConnection, type Kysely, type KyselyProps, Transaction } from 'kysely'
import type { Transact } from './backend.ts'
import { allDone } from './statements.ts'
import type { Tables } from './tables.ts'

/** A connection whose database refuses, once a statement of a transaction has failed, all that follow it: its commit too. */
export interface TransactingConnection extends DatabaseConnection {
  /** How many statements of a transaction were sent; its `begin` and its end left out. */
  readonly sent: number
  /** Begins a transaction, and waits for no answer: what follows goes out behind it, and fails with it. */
  begin(): void | Promise<void>
  /** Commits. Throws if the transaction failed. */
  commit(): Promise<void>
  /** Rolls back what was not to be committed anyway. */
  rollback(): Promise<void>
}

/** Why a connection refuses a statement that it is given once its transaction ends: it would run by itself, or in the next one. */
export const lateStatement = 'A statement came behind the end of its transaction.'

/** Makes what runs changes, on connections that all are of this kind. */
export function makeTransact(db: Kysely<Tables>, props: Omit<KyselyProps, 'executor'>): Transact {
  const executor = db.getExecutor()
  return (change, last = () => []) =>
    executor.provideConnection(async (lent) => {
      const connection = lent as TransactingConnection
      // Kysely's own provider of a transaction sends a statement only when the one before has been answered.
      const inOrder = executor.withConnectionProvider({ provideConnection: (use) => use(connection) })
      const tx = new Transaction<Tables>({ ...props, executor: inOrder })
      await connection.begin()
      try {
        const result = await change(tx)
        const sentBefore = connection.sent
        const statements = last(tx, result)
        if (connection.sent - sentBefore !== statements.length)
          throw new TypeError('One of the last statements was not sent at once.')
        await allDone([...statements, connection.commit()])
        return result
      } catch (error) {
        await connection.rollback()
        throw error
      }
    })
}
