// Statements of one transaction that are sent one behind the other, none waiting for the answer of the one before.

/**
 * Waits until all of them are done, then gives their results or throws the first error. Unlike `Promise.all`, which
 * throws while others are still on their way: they would run behind the rollback, outside the transaction.
 */
export async function allDone<const T extends readonly unknown[]>(
  statements: T,
): Promise<{ -readonly [I in keyof T]: Awaited<T[I]> }> {
  const outcomes = await Promise.allSettled(statements)
  for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason
  return Promise.all(statements)
}
