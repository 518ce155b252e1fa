// Every number that Latchkey publishes, once. Those that must stand in a relation are held in it by `test/bounds.test.ts`.
import { dayMs } from './periods.ts'

// How stale a verdict may be: the numbers that the proof in ARCHITECTURE.md hangs on, in milliseconds.

/**
 * How long a process believes what it remembers after it last read the changes. Below {@link barrierMs}, so that a verdict
 * given at the very end of a lease still reaches its reader before a barrier that waited for it is over.
 */
export const leaseMs = 1_800
/** After this a barrier stops waiting: a process that has not confirmed it by then has no lease. */
export const barrierMs = 2_000
/** How long a process waits between two looks at the changes: if looking is cheap, if hints come, if none do. */
export const pollMs = { sqlite: 50, postgres: 400, postgresAlone: 100 } as const
/** A stream of changes beats so often. */
export const beatMs = 1_000
/** A stream that was silent for so long is not believed, and left. */
export const silenceMs = 2_000
/** How often a verifier elsewhere asks for the last change, and how long it waits for an answer. */
export const askMs = 500
export const askTimeoutMs = 1_600
/** The form of a stream of changes. */
export const streamFormat = 1

// Organizations.

/** How long an id may be that a caller chooses for an organization, in characters. */
export const maxOrganizationIdLength = 128

// Inputs.

/** How many fields of an input are told to be wrong: more would make the answer larger than what was asked, and take long. */
export const maxFieldErrors = 32
/** How many fields an object of a body has at most: none needs so many. */
export const maxObjectFields = 1_000

// Permissions.

/** How many permissions a key holds, or a verification asks for, at most, and how long each may be in characters. */
export const maxPermissions = 128
export const maxPermissionLength = 128

// Limits.

/** How many limits a key or an organization has at most. */
export const maxLimits = 8
/** How many units a limit has, and a call draws, at most: a double counts far more of them exactly. */
export const maxLimitUnits = 10 ** 12
/** How long the window of a rate is at most, in seconds. */
export const maxWindowSeconds = 2_592_000
/** For how long a call reserves units at most, in seconds. */
export const maxReserveSeconds = 86_400
/** How long a reservation is at most, in characters. */
export const maxReservationLength = 1_024
/** How long a settlement is known after the time of its reservation is over. */
export const keptSettlementsMs = dayMs

// Lists.

/** How many items a page of a list has at most, and if its caller names no limit. */
export const maxPageItems = 1_000

/** Up to which number the items of a list are counted. */
export const maxCounted = 10_000

/** How many events a page has at most, for how many actions it may be asked, and how long an answer waits for the next event. */
export const maxEventsPage = 100
export const maxEventTypes = 32
export const maxWaitSeconds = 30
/** How often at once somebody waits for events in a process: by one key, for those of one log, and in all. */
export const maxWaitsOfKey = 64
export const maxWaitsOfLog = 1_024
export const maxWaits = 4_096
/** How many sealed events a page has at most: each may be long. */
export const maxSealedPage = 100
/** So long a key goes on to sign checkpoints beside its successor, and so many sign at once. */
export const signerOverlapMs = 30 * dayMs
export const maxSigners = 8
/** How many events a call erases at most: one event of the log names them all. */
export const maxErasedEvents = 200

// Keys and verification.

/** How long the description of a key is at most, how many tags it has, and how long each may be, in characters. */
export const maxDescriptionLength = 1_000
export const maxTags = 16
export const maxTagLength = 63
/** How many keys one call changes at most. */
export const maxBulkKeys = 10_000
/** How many tokens a report of leaks has, and how long the URL is where they were found. */
export const maxReportedTokens = 1_000
export const maxReportedUrl = 2_048

/** How long a grace is at most, in seconds; and how long a secret must be silent at least to end before. */
export const longestGraceSeconds = 2_592_000
export const leastSilentSeconds = 3_600
/** How many addresses and networks a key is bound to at most. */
export const maxAllowedIps = 32
/** How many secrets of a key one answer holds. */
export const secretsPage = 100
/** How many tokens a batch judges at most, and how many uses a verifier reports at once. */
export const maxBatch = 1_000
/** How many keys one call imports at most, and how long its body is. */
export const maxImport = 1_000
export const maxImportBytes = 4 * 1024 * 1024
/** How many tokens of a recipe are counted at most. */
export const maxCountedTokens = 10_001

/** How long the user agent and the operation of a call may be, in characters. */
export const maxUserAgentLength = 256
export const maxOperationLength = 256

// Usage.

/** How many kinds of refused calls a preview tells apart: the most frequent ones. */
export const maxRefusedKinds = 100

/** So long after its end an hour takes counts; what comes later is counted in a later hour. */
export const hourClosesMs = 15 * 60_000
/** How many counts, and how many uses, a verifier reports at once. */
export const maxReportRows = 500
/** How many profiles of calls: their texts may be long. */
export const maxReportProfiles = 100
/** How long the permissions of a profile are together, in characters; others are counted with the rest. */
export const maxProfilePermissions = 1_000
/** For how many days hours and days of usage, and places, are kept, unless a setting says otherwise. */
export const keptUsageDays = { hours: 35, days: 800, places: 30 } as const
/** For how many days profiles of calls are kept. */
export const keptProfilesDays = 90
/** How long the number of the last batch of a process or a verifier is kept after it. */
export const keptSourcesMs = 7 * dayMs
/** How many kinds of calls of a key are told apart on a day; all others are counted together. */
export const maxProfilesOfKey = 256
/** How many verifiers a key may report for, within that time. */
export const maxSourcesOfKey = 1_000

// Sessions.

/** A session is over so long after it began, used or not; and so long after it was last used. */
export const maxSessionMs = 12 * 3_600_000
export const maxIdleMs = 3_600_000
/** A sign-in is fresh for so long. */
export const freshMs = 10 * 60_000
/** A key signs in so many times in a window at most, fresh sign-ins included; over all processes on the database. */
export const maxSignIns = 30
export const signInWindowMs = 60_000
/** Of a key's more than so many sessions, the least recently used ends. */
export const maxSessionsOfKey = 20
/** The same of a person. */
export const maxSessionsOfIdentity = 20

// The customers' page.

/** A portal session lasts so long if nobody says it, by its kind, and at most, in seconds. */
export const linkSessionSeconds = 3_600
export const embedSessionSeconds = 900
export const longestPortalSeconds = 12 * 3_600
/** The link of a session can be used for so long. */
export const portalLinkMs = 5 * 60_000
/** Of a user's more than so many portal sessions, the oldest ends. */
export const maxPortalSessionsOfUser = 20
/** So long a portal session is kept that has expired. */
export const keptPortalSessionsMs = 24 * 60 * 60_000

// Members.

/** An invitation can be used for so long. */
export const invitationMs = 72 * 60 * 60_000
/** So many invitations of an organization may be pending at once. */
export const maxPendingInvitations = 50
/** So long a browser may take for a sign-in, and so many it may have under way. */
export const signInMs = 10 * 60_000
export const maxSignInsUnderWay = 4
/** By so many identities a member signs in at most. */
export const maxIdentities = 20
/** So many calls of sign-ins an address, or a /64 of IPv6, may make a minute. */
export const signInCallsAMinute = 30
/** So many letters an organization has sent an hour by each process, and so many an address gets. */
export const mailsAnHour = 60
export const mailsToAddressAnHour = 6
/** So long an invitation is kept that has expired. */
export const keptInvitationsMs = 90 * 24 * 60 * 60_000
/** So many keys are counted, and revoked, of which a member has seen the token. */
export const maxSeenKeys = 1_000

// Events that nobody caused.

/** So many days before the end of a key it is told of: the farthest first. */
export const expiryNoticeDays = [30, 7, 1] as const
/** A key that was not used for so many days is told of. */
export const dormantDays = 90
/** At so many per cent of a quota that are spent it is told of: the lowest first. */
export const reachedPercents = [80, 100] as const
/** How often it is told that a decoy was tried, and of how many a process hears within that: in all, and of an organization. */
export const decoyEventEveryMs = 60_000
export const maxTriedDecoys = 10_000
export const maxTriedDecoysOfOrganization = 100
/** So long it is known that something was told of, after it was due: no clock is set back by more. */
export const keptCausesMs = 100 * dayMs

// Work in the background.

/** How often a process looks for work in the background, at the least. */
export const jobPollMs = 5_000
/** How long a process holds work that it has claimed, unless it renews its claim. */
export const jobLeaseMs = 20_000
/** How often rows that are due are deleted, how many a transaction, and how long jobs are kept that are finished. */
export const retentionEveryMs = 300_000
export const maxDeletedRows = 100
/** For how many days the audit log is kept at least: all that webhooks may send again is younger. */
export const minKeptAuditDays = 31
/** How long an answer is kept for who asks again with its Idempotency-Key, in milliseconds, and how many for a key. */
export const keptAnswersMs = dayMs
export const maxKeptAnswers = 10_000
export const keptJobsMs = 7 * dayMs
/** How long it is told what became of an event that was delivered or given up. */
export const keptDeliveriesMs = 30 * dayMs

/** How many permissions the catalogue has at most, and how long their descriptions and groups are, in characters. */
export const maxCatalogue = 1_000
export const maxMeaningLength = 256
export const maxGroupLength = 64

/** How far after it is set a policy may let the expiry of a key be at most, in seconds; and how many keys it may count at most. */
export const maxLifetimeSeconds = 3_155_760_000
export const maxPolicyKeys = 100_000

/** How many prefixes there are for new keys at most. */
export const maxPrefixes = 32

/** How many keys a line has: a key, the one of which it is a child, and so on. */
export const maxLineLength = 4
/** How many live children a key has at most. */
export const maxChildren = 10_000
/** Of how many keys below one, a preview of its change judges the calls too. */
export const maxPreviewedChildren = 100
/** How long a derived key lives, unless it is said. */
export const derivedKeySeconds = 3_600
