// The numbers that hang together: what the proof of staleness needs of them, and what people are told.
import { expect, test } from 'vitest'
import {
  askMs,
  askTimeoutMs,
  barrierMs,
  beatMs,
  freshMs,
  jobLeaseMs,
  jobPollMs,
  leaseMs,
  maxIdleMs,
  maxSessionMs,
  pollMs,
  silenceMs,
} from '../src/core/bounds.ts'

test('a lease is over before a barrier that waited for it, with time for a verdict to reach its reader', () => {
  expect(leaseMs).toBeLessThan(barrierMs)
  expect(barrierMs - leaseMs).toBeGreaterThanOrEqual(200)
  // What is promised of a revocation, everywhere.
  expect(barrierMs).toBe(2_000)
})

test('looks are frequent enough that several may fail before a lease is over', () => {
  for (const [database, everyMs] of Object.entries(pollMs))
    expect(everyMs * 4, database).toBeLessThan(leaseMs)
  expect(pollMs.postgresAlone).toBeLessThan(pollMs.postgres)
})

test('a verifier elsewhere asks, and gives an answer up, in time to ask again under its lease', () => {
  expect(askMs * 3).toBeLessThan(leaseMs)
  expect(askTimeoutMs).toBeLessThan(leaseMs)
  expect(beatMs).toBeLessThan(silenceMs)
})

test('a sign-in is fresh for less than a session may be idle, and that for less than it may last', () => {
  expect(freshMs).toBeLessThan(maxIdleMs)
  expect(maxIdleMs).toBeLessThan(maxSessionMs)
})

test('work in the background is taken over within half a minute, and looked for several times in a lease', () => {
  // A look comes a quarter later at the most.
  expect(jobLeaseMs + jobPollMs * 1.25).toBeLessThanOrEqual(30_000)
  expect(jobPollMs * 3).toBeLessThan(jobLeaseMs)
})
