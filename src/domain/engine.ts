// What every command of the library works with: the store, and the few things that tests replace.
import type { Commit } from '../commit/commit.ts'
import type { MadeSession } from '../commit/live-users.ts'
import type { Together } from '../commit/together.ts'
import { type Actor, readActor } from '../core/actor.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import type { Applied, CallOptions, EditOptions } from '../core/shapes/calls.ts'
import type { CreatedKey } from '../core/shapes/keys.ts'
import type { MayAct } from '../core/sign-in-reach.ts'
import type { RandomSource } from '../core/token.ts'
import type { Instant } from '../store/instants.ts'
import type { FoundPortalSession } from '../store/portal-sessions.ts'
import type { Store } from '../store/store.ts'
import type { Memory } from '../verification/read-through.ts'
import type { LogWatch } from './events/watch.ts'
import type { Keyring } from './keyring.ts'
import type { NewKey, WantedKey } from './keys/creation.ts'
import type { KnownCatalogue } from './keys/known-lists.ts'
import type { KnownPrefixes } from './keys/known-prefixes.ts'
import type { OwnUses } from './keys/last-uses.ts'
import type { OwnProfiles } from './keys/own-profiles.ts'
import type { ReachedLimits } from './limits/reached.ts'
import type { Mailer } from './mail/mailer.ts'
import type { FoundSession, SessionReads } from './sessions/reads.ts'
import type { SignInLimit } from './sessions/sign-in-limit.ts'
import type { Providers } from './sign-in/providers.ts'

export interface Engine extends OwnUses, OwnProfiles {
  /** For reading: what changes anything goes through `commit`. */
  store: Omit<Store, 'write' | 'execute'>
  commit: Commit
  /** The keys that are being created: those that come at once share a transaction. */
  creations: Pick<Together<WantedKey, NewKey, CreatedKey>, 'commit'>
  /** The same for the children that keys make of themselves. */
  derivations: Engine['creations']
  /** Resolves when every process acts on all changes that were made before the call; see `coherence/barrier.ts`. */
  waitUntilApplied: () => Promise<Applied>
  /** Writes what this process has counted; what cannot be written now waits. */
  flushUsage: () => Promise<void>
  /** Who waits for the next event. */
  logWatch: LogWatch
  /** Seals what was recorded before the call, as far as a page goes. Never throws. */
  sealNew: () => Promise<void>
  /** Seals everything that was recorded before the call. */
  sealAll: () => Promise<void>
  /** Folds the names of organizations that a program of an older schema has written. */
  foldNames: () => Promise<void>
  memory: Memory
  keyring: Keyring
  /** The address under which people reach the server; undefined if nobody has said it. */
  publicUrl: string | undefined
  /** Whose word lets people act for which organizations. */
  mayAct: MayAct
  /** By which providers people sign in. */
  providers: Providers
  /** Whether people sign in by passkeys too. */
  passkeys: boolean
  /** Sends mail; undefined if nobody has set up how. */
  mailer: Mailer | undefined
  /** Tells of quotas that are used up. */
  reachedLimits: Pick<ReachedLimits, 'record'>
  signInLimit: SignInLimit
  sessionReads: SessionReads<FoundSession>
  /** The same of portal sessions by their tokens, and by the secrets of their links. */
  portalReads: SessionReads<MadeSession>
  portalLinkReads: SessionReads<FoundPortalSession>
  /** Milliseconds since 1970, by the wall clock. */
  now: () => number
  /** The time in a statement: the database's, which is one for all processes, unless a test decides it. */
  at: () => Instant
  random: RandomSource
  /** The prefixes that new keys may have; the first one if none is asked for. */
  prefixes: Pick<KnownPrefixes, 'read' | 'forget'>
  /** Which permissions the operator has described. */
  catalogue: Pick<KnownCatalogue, 'lacking' | 'forget'>
}

/** What every command takes beside its input; which of it a method knows, `calls.ts` checks. */
export interface CommandOptions extends CallOptions, Pick<EditOptions, 'ifRevision'> {
  /** Who acts; the process itself, which holds the database, if absent. */
  actor?: Actor | undefined
  /** The request that it comes from, if that is to be done once: the server's alone, because it takes what a caller showed. */
  once?: IdempotentRequest | undefined
}

/** Who acts in a command. Throws `invalid_input` for what is no actor. */
export function actorOf({ actor }: CommandOptions): Actor {
  return readActor(actor)
}
