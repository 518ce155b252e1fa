// openLatchkey(): ties the store, the keys and the verification together.

import { waitUntilApplied } from './coherence/barrier.ts'
import { openChangeLog } from './coherence/change-log.ts'
import { startEvictions } from './coherence/eviction.ts'
import { ChangeLines } from './commit/change-lines.ts'
import { Writer } from './commit/commit.ts'
import { findMadeSession } from './commit/live-users.ts'
import {
  checkpointFileOf,
  keptAuditDaysOf,
  keptPlacesOf,
  keptUsageOf,
  ownVariables,
  postgresEnvironment,
  secretsOf,
  webhookSettingsOf,
} from './config.ts'
import { newId } from './core/ids.ts'
import { readMail } from './core/mail-settings.ts'
import { keepPlace } from './core/places.ts'
import { publicUrlOf } from './core/standards-settings.ts'
import { CheckpointFile } from './domain/audit/checkpoint-file.ts'
import { checkpointJob } from './domain/audit/checkpoints.ts'
import { beginEpoch } from './domain/audit/signers.ts'
import { authenticate } from './domain/authenticate.ts'
import { tellBacklog } from './domain/backlog.ts'
import { checkOptions, offerMethods } from './domain/calls.ts'
import type { Engine } from './domain/engine.ts'
import { beginTelling, noticesJob } from './domain/events/notices.ts'
import { LogWatch } from './domain/events/watch.ts'
import type { Latchkey } from './domain/interface.ts'
import { Keyring } from './domain/keyring.ts'
import { openCreations } from './domain/keys/create.ts'
import { DecoyTries } from './domain/keys/decoys.ts'
import { graceJob } from './domain/keys/end-graces.ts'
import { knownLists } from './domain/keys/known-lists.ts'
import { readPeppers } from './domain/keys/peppers.ts'
import { addPrefixes } from './domain/keys/prefixes.ts'
import { revokeToken } from './domain/keys/revoke.ts'
import { createRootKey, ensureRootKey } from './domain/keys/root-key.ts'
import {
  checkOpening,
  checkPrefixes,
  checkQuestion,
  type LatchkeyOptions,
} from './domain/latchkey-options.ts'
import { openLeaks } from './domain/leaks/open.ts'
import { Draws } from './domain/limits/draws.ts'
import { LostUnits } from './domain/limits/lost-units.ts'
import { ReachedLimits } from './domain/limits/reached.ts'
import { reservations } from './domain/limits/reservations.ts'
import { Mailer } from './domain/mail/mailer.ts'
import { nounMethods } from './domain/methods.ts'
import { noteOpening } from './domain/openings.ts'
import { openPartners, partnersOf } from './domain/partners/partners.ts'
import { systemRandom } from './domain/random.ts'
import { countSealedValues, resealingJob } from './domain/sealed-values.ts'
import { findSignedIn, SessionReads } from './domain/sessions/reads.ts'
import { SignInLimit } from './domain/sessions/sign-in-limit.ts'
import { Providers } from './domain/sign-in/providers.ts'
import { relyingPartyOf } from './domain/sign-in/web-authn.ts'
import { openWebhooks } from './domain/webhooks/open.ts'
import { databaseHostsOf } from './domain/webhooks/ways.ts'
import { Jobs } from './jobs/jobs.ts'
import { keyTermsJob } from './jobs/key-terms.ts'
import { retentionJob } from './jobs/retention.ts'
import { SealBell, type Sealer, sealAll, sealingJob, sharedSealing } from './jobs/sealing.ts'
import { usageJob } from './jobs/usage.ts'
import { instantsOf } from './store/instants.ts'
import { foldNewNames } from './store/organizations.ts'
import { findPortalSession } from './store/portal-sessions.ts'
import { placeDatabase } from './store/sqlite-memory.ts'
import { openStore, refusalOf, warnProcess } from './store/store.ts'
import { keepPlaces, saveUsage } from './store/usage.ts'
import { deliveryKind } from './store/webhooks.ts'
import { cacheBoundsOf } from './verdict/cache-options.ts'
import { systemClock } from './verdict/clock.ts'
import { verifyCached } from './verdict/evaluate.ts'
import { askedBy } from './verdict/question.ts'
import { FlushMarks } from './verification/flush-marks.ts'
import { foreignTokensOf } from './verification/foreign.ts'
import { Grants } from './verification/grants.ts'
import { Memory } from './verification/read-through.ts'
import { createVerifiers } from './verification/remote.ts'
import { UsageRecorder } from './verification/usage.ts'
import { reportLineOf, saveReport } from './verification/usage-reports.ts'
import { verify } from './verification/verify.ts'
import { verifyBatch } from './verification/verify-batch.ts'

export type { Latchkey } from './domain/interface.ts'
export { newKeyringFile, rotateKeyringFile } from './domain/keyring-file.ts'
export type { LatchkeyOptions } from './domain/latchkey-options.ts'
export { inspectMail } from './domain/mail/inspect.ts'
export { inspectPartners } from './domain/partners/inspect.ts'
export { inspectProviders } from './domain/sign-in/inspect.ts'
export { hasLatchkeyTables, inspectDatabase } from './store/store.ts'

/** Opens a database for use in this process. Throws `invalid_input` for options, `store_unavailable`. */
export async function openLatchkey(options: LatchkeyOptions): Promise<Latchkey> {
  checkOpening(options)
  const { now = systemClock.now, monotonic = systemClock.monotonic, random = systemRandom } = options
  const given = options.prefixes && checkPrefixes(options.prefixes)
  const warn = options.onWarning ?? warnProcess
  // Before the store, which keeps a process alive: what is wrong ends the process.
  const [kept, keptUsage] = [keptPlacesOf(options), keptUsageOf(options)]
  const keptAuditDays = keptAuditDaysOf(options)
  const settings = webhookSettingsOf(options)
  const partners = partnersOf(options, ownVariables(), settings.networks)
  const providers = Providers.read(options, ownVariables())
  const { mayAct } = providers
  const mail = readMail(options, ownVariables())
  const checkpointPath = checkpointFileOf(options)
  const { url: database, remove } = placeDatabase(options.database)
  const keyring = options.sealingKeys
    ? new Keyring(database, options.sealingKeys)
    : new Keyring(database, secretsOf('SEALING_KEYS'), 'LATCHKEY_SEALING_KEYS')
  const peppers = readPeppers(options.peppers, secretsOf('PEPPERS'))
  const store = await openStore(database, warn, postgresEnvironment())
  const foreign = await foreignTokensOf(store, peppers)
  const noteClosed = noteOpening(database, warn)
  const newFollowerId = () => newId({ now, random })
  const clock = { ...systemClock, now, monotonic }
  const at = instantsOf(store.dialect, options.now)
  const source = newId({ now, random: systemRandom })
  const usage = new UsageRecorder({
    source,
    clock,
    save: (batch) => saveUsage(store, keepPlaces(batch, kept), at()),
    onRefused: (error) =>
      warn(
        `The database refuses a row of usage, which is dropped: ${refusalOf(error as Error)}. Others are written.`,
      ),
  })
  const log = openChangeLog(store)
  const reachedLimits = new ReachedLimits(store.dialect)
  const reports = reportLineOf(store)
  let draws: Draws | undefined
  const memory = new Memory(
    store,
    log,
    clock,
    cacheBoundsOf(options),
    usage,
    newFollowerId,
    (follower) => {
      draws = new Draws(store, clock, follower, reachedLimits)
      return draws.allotments
    },
    reservations(keyring),
    foreign,
  )
  usage.beforeFlush = () => memory.cache.reportUses()
  const marks = new FlushMarks({ store, source, now, at, follower: () => memory.follower.id })
  usage.aroundFlush = (flush) => marks.around(flush)
  usage.beforeRead = (keyId) => memory.cache.reportUsesOf(keyId)
  const endEvictions = startEvictions(log, clock, memory.follower)
  const changeLines = new ChangeLines(store.changesAtOnce)
  const bell = new SealBell()
  const remembered = {
    forget: memory.forget.bind(memory),
    lookNow: () => memory.lookNow(),
    noteEvents: () => bell.ring(),
  }
  const writer = new Writer(store, remembered, { now, random }, changeLines, mayAct)
  draws?.begin(writer)
  const lost = new LostUnits(writer, clock)
  const grants = new Grants(memory, store, (limit, units) => lost.note(limit, units))
  const sealer: Sealer = {
    ...{ store, random: systemRandom },
    onSealed: (tx, organizationIds) => webhooks.onSealed(tx, organizationIds),
    wake: () => jobs.wake(),
  }
  const engine: Engine = {
    store,
    commit: (actor, requirements, work) => writer.commit(actor, requirements, work),
    ...openCreations(writer, changeLines, { now, random }, store.dialect),
    waitUntilApplied: () => waitUntilApplied(log, clock),
    foldNames: () => foldNewNames(store),
    logWatch: new LogWatch(store, clock),
    sealNew: sharedSealing(sealer),
    sealAll: () => sealAll(sealer),
    memory,
    // A database that does not take it says so to what comes next.
    flushUsage: () => usage.flush().catch(() => {}),
    readWithOwnProfiles: async (keyId, read) => {
      const { result, profiles } = await usage.readWithProfiles(keyId, read)
      return { result, own: profiles.map((profile) => keepPlace(profile, kept)) }
    },
    usesOf: (keyId) => usage.usesOf(keyId).map((use) => keepPlace(use, kept)),
    keyring,
    publicUrl: publicUrlOf(options, ownVariables()),
    mayAct,
    providers,
    passkeys: keyring.canSeal && relyingPartyOf(publicUrlOf(options, ownVariables())) !== undefined,
    mailer: mail && new Mailer(mail, { monotonic, warn }),
    reachedLimits,
    signInLimit: new SignInLimit(),
    sessionReads: new SessionReads(findSignedIn),
    portalReads: new SessionReads(findMadeSession),
    portalLinkReads: new SessionReads((db, digest) => findPortalSession(db, 'link_digest', digest)),
    now,
    at,
    random,
    ...knownLists(store, clock),
  }
  const wake = () => jobs.wake()
  const databaseHosts = databaseHostsOf(database, postgresEnvironment())
  const webhooks = openWebhooks(engine, { settings, databaseHosts, store, monotonic, wake })
  const leaks = openLeaks(engine, wake)
  const checkpointFile = checkpointPath === undefined ? undefined : new CheckpointFile(checkpointPath, warn)
  await checkpointFile?.check()
  const jobs: Jobs = new Jobs({
    store,
    clock,
    owner: newId({ now, random: systemRandom }),
    now: options.now,
    kinds: {
      retention: retentionJob(store, clock, options.now, keptUsage, keptAuditDays),
      usage: usageJob(store, clock, options.now),
      'key-terms': keyTermsJob(store, clock),
      sealing: sealingJob(sealer, clock, bell),
      [deliveryKind]: webhooks.job,
      resealing: resealingJob({ store, commit: engine.commit, keyring, now, monotonic, warn }),
      checkpoints: checkpointJob(engine, checkpointFile),
      graces: graceJob({ store, commit: engine.commit, at, marks, flush: () => usage.flush() }),
      ...leaks.jobs,
      notices: noticesJob({ store, commit: engine.commit, now, at, flush: engine.flushUsage }, clock),
    },
    warn,
  })
  // If the database is away, the work itself begins so.
  const toldFrom = beginTelling({ store, at }).catch(() => {})
  jobs.start()

  const decoyTries = new DecoyTries(memory, engine.commit)
  let closing: Promise<void> | undefined
  const end = async (): Promise<void> => {
    await toldFrom
    await draws?.stop()
    await decoyTries.close()
    await lost.stop()
    const written = memory.follower.stop().then(async () => {
      await usage.close()
      await marks.close()
    })
    await Promise.allSettled([written, jobs.stop()])
    webhooks.close()
    await store.close()
    remove()
    return written
  }
  const close = (): Promise<void> => {
    endEvictions()
    engine.logWatch.close()
    if (!closing) noteClosed()
    closing ??= end()
    return closing
  }

  if (given)
    await addPrefixes(engine, given).catch(async (error: unknown) => {
      await close()
      throw error
    })

  return {
    ...nounMethods(engine),
    webhooks: offerMethods(engine, webhooks.methods),
    ...leaks.parts,
    authenticate: (token, origin) => authenticate(memory, token, origin),
    verify: async (token, asked, asker) => {
      checkQuestion(asked)
      return verify(memory, token, asked, asker)
    },
    verifyCached: (token, asked, purpose, client) => {
      checkQuestion(asked)
      return verifyCached(memory, token, askedBy(asked, purpose, client), purpose)
    },
    revokeToken: async (token, options) =>
      memory.awake.during(revokeToken(engine, token, checkOptions(options))),
    verifyBatch: async (requests, asked, asker) => {
      checkQuestion(asked)
      return memory.awake.during(verifyBatch(memory, requests, asked, asker))
    },
    waitUntilApplied: () => waitUntilApplied(log, clock),
    partners: openPartners(partners, { engine, egress: webhooks.egress, monotonic, warn }),
    verifiers: createVerifiers(memory, grants, {
      saveReport: (report) =>
        reports.run(() => saveReport(store, report, kept, at()), {
          organizationId: report.organizationId ?? '',
          keyId: report.reporter,
        }),
      // At once, so that others know of it if this process crashes.
      noteVerifier: () => void (marks.noteVerifier() && usage.flush().catch(() => {})),
    }),
    ensureRootKey: (token, check) => memory.awake.during(ensureRootKey(engine, token, check)),
    createRootKey: () => memory.awake.during(createRootKey(engine)),
    noteRestore: (restored) => memory.awake.during(beginEpoch(engine, restored)),
    sealedValues: () => countSealedValues(engine),
    endWaits: () => engine.logWatch.close(),
    jobCounts: () => jobs.counts(),
    attemptCounts: () => webhooks.attempts,
    backlog: () => tellBacklog(engine),
    usageDropped: () => usage.dropped,
    walBytes: store.walBytes,
    checkWritable: () => store.checkWritable(),
    close,
    [Symbol.asyncDispose]: close,
  }
}
