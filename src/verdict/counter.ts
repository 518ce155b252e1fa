// What a limit's counter holds, and how its units get out. Pure: the database keeps the states (`store/counters.ts`), and
// `domain/limits/draws.ts` runs a draw in a transaction that has locked the row.
//
// A unit is in one of three places, and never in two:
//
//   in the store      `level` of a rate; of a quota what `spent` and `out` leave of `limit` and `added`
//   out               granted to a holder, which may spend it, and which has not said yet whether it did
//   spent             gone, but for what settlements gave back
//
// Why a rate never admits more than `burst + limit × t / window` units in any span of t:
// 1. `level + out ≤ burst` after each draw: a refill stops at `burst - out`, and a grant moves units from one to the other.
// 2. A holder spends what is out, and nothing else. So what is spent in a span was out or in the store when it began, at
//    most `burst` units, or was refilled in it.
// 3. The refill comes before the report: a unit that is reported now may have been spent at any time since the last draw,
//    so for that time it counts as out.
// 4. What waiting calls need is spent at once. They began before the draw and end after it, so it is when they are admitted.
//    What none of them took comes back as far as the bucket had room for it at each draw since: as if it had been out.
// 5. A holder whose lease has ended spends nothing. What it had out counts as spent.
// A quota admits no more than it has because a unit that left the store comes back from its holder alone, and only once.
import type { Counter, Holder } from '../core/counters.ts'
import { type Allowance, gainOf, periodEnd, periodStart, type Rate, timeToGain } from '../core/limits.ts'

export type { Counter }

/** What a holder asks of a counter. */
export interface DrawMessage {
  holder: string
  /** Counts the messages of the holder. */
  sequence: number
  epoch: number
  /** The period of the units that it holds. */
  period: number
  /** How long ago its last draw was, at the least, by its own clock; 0 if it does not know. */
  passedMs: number
  /** How many units it holds and keeps; of what it had, the rest is spent, but for what it gives back. */
  unspent: number
  /** How many of the units that it held it gives back. */
  back: number
  /** How many units that were given to its waiting calls none of them took. */
  unused: number
  /** What its waiting calls need, all together and the least of them. */
  need: number
  least: number
  /** How many units it wants to hold. */
  want: number
  /** Whether it wants them for longer than two seconds: then it gets at most a hundredth of a quota. */
  isLong: boolean
}

/** What a draw gives. Spans are milliseconds. */
export interface DrawAnswer {
  /** What the holder may spend from now on, beside what it keeps. */
  granted: number
  /** What its waiting calls take, at once. */
  given: number
  /** How many of the units that it said it holds are its own; the others are void. */
  kept: number
  period: number
  /** How many units are left in the store; below zero if more was settled, or the limit was lowered. */
  left: number
  /** How many units others hold. */
  elsewhere: number
  /** Until when nothing can come; 0 if something can. */
  emptyForMs: number
  /** Until the period ends, and when that is by the database's clock; null for never. */
  endsInMs: number | null
  endsAt: number | null
}

/** What a draw comes to. */
export interface Draw {
  counter: Counter
  answer: DrawAnswer
  /** Calls wait for units that others hold: these are to be called back. */
  isShort: boolean
  /** How many units were lost with holders that are gone. */
  lost: number
  /** Nothing changed: the message came again, or too late, or its holder's lease has ended. */
  isRepeated: boolean
}

/** A holder that drew nothing for so long is no more counted among those who share. */
const sharingMs = 10_000
/** A holder gets at least so many units, if there are enough. */
export const minGrant = 4
/** A holder gets at most what is left, divided by so many times the number of holders. */
const shares = 4
/** For longer than two seconds it gets at most so much of a quota. */
const longShare = 0.01
/** No settlement draws a counter further below zero, so that it can always be read: a double counts more of them exactly. */
const maxOverdraft = 10 ** 15
/** An empty answer holds for so long at least. */
const minEmptyMs = 100
/** An empty counter is asked again after so long if others hold units, which they may give back, and if none does. */
const maxEmptyMs = { shared: 1_000, alone: 10_000 }

/** A counter from which nobody has drawn yet. */
export function newCounter(allowance: Allowance, epoch: number, now: number): Counter {
  const isRate = allowance.kind === 'rate'
  return {
    epoch,
    asOf: now,
    period: periodStart(allowance, now),
    level: isRate ? allowance.burst : 0,
    rest: 0,
    windowMs: isRate ? allowance.windowMs : 0,
    spent: 0,
    added: 0,
    holders: [],
  }
}

/**
 * Draws from a counter whose row is locked. `now` was read from the database's clock after that, and so was `allowance`, the
 * owner's limit as it is now: a message may be sent again long after its limit was changed, and a bucket that an older,
 * larger one refills is full at once. `isLive` tells whether a holder's lease may still hold.
 */
export function draw(
  stored: Counter,
  allowance: Allowance,
  message: DrawMessage,
  now: number,
  isLive: (holder: string) => boolean,
): Draw {
  const own = stored.holders.find(({ id }) => id === message.holder)
  if (!isLive(message.holder) || (own !== undefined && message.sequence <= own.sequence))
    return repeat(stored, allowance, own, message)
  const at = instantOf(stored, allowance, own, message.passedMs, now)
  const advanced = bring(stored, allowance, message.epoch, at)
  const { counter: reported, kept } = report(advanced, allowance, message)
  const { counter, lost } = evict(reported, allowance, isLive)
  const available = Math.max(0, storeOf(counter, allowance))
  const given = givenOf(message, available)
  const granted = grantOf(counter, allowance, message, available - given, kept)
  const holder: Holder = {
    id: message.holder,
    epoch: message.epoch,
    out: kept + granted,
    sequence: message.sequence,
    granted,
    given,
    kept,
    room: 0,
    drewAt: counter.asOf,
  }
  const after = takeOut(counter, allowance, given, granted, holder)
  const answer = answerOf(after, allowance, holder, message)
  return {
    counter: after,
    answer,
    isShort: given < message.need && answer.elsewhere > 0,
    lost,
    isRepeated: false,
  }
}

/**
 * When a draw is. If the clock is behind what a bucket has seen, since it was set ahead and back again, the bucket goes by the
 * time that passes for its holders: what was its instant at a holder's last draw, and what has passed for that holder since.
 * It may only be behind the time that has passed for all, whichever holder draws.
 */
function instantOf(
  { asOf }: Counter,
  { kind }: Allowance,
  own: Holder | undefined,
  passedMs: number,
  now: number,
): number {
  return kind === 'rate' && own !== undefined && now < asOf ? Math.max(now, own.drewAt + passedMs) : now
}

/**
 * Brings a counter to an instant: its period, its epoch, and the units that it has gained. Units of an epoch that has ended
 * stay out until their holder says that it knows.
 */
export function advance(counter: Counter, allowance: Allowance, epoch: number, now: number): Counter {
  return leaveRoom(bring(counter, allowance, epoch, now), allowance)
}

function bring(counter: Counter, allowance: Allowance, epoch: number, now: number): Counter {
  const asOf = Math.max(Math.floor(now), counter.asOf)
  const next = { ...counter, asOf, epoch: Math.max(epoch, counter.epoch) }
  if (allowance.kind === 'rate') return refill(next, allowance, counter.asOf)
  const period = periodStart(allowance, asOf)
  if (period <= counter.period) return next
  const holders = counter.holders.map((holder) => ({ ...holder, ...nothing }))
  return { ...next, period, spent: 0, added: 0, holders }
}

/** What is left to a holder of a period that has ended. */
const nothing = { out: 0, granted: 0, given: 0, kept: 0, room: 0 }

function refill(counter: Counter, rate: Rate, since: number): Counter {
  const cap = rate.burst - outOf(counter.holders)
  const rest = counter.windowMs === rate.windowMs ? counter.rest : 0
  const level = Math.min(counter.level, Math.max(cap, 0))
  const gain = gainOf(rate, counter.asOf - since, rest)
  const isFull = level + gain.units >= cap
  return {
    ...counter,
    level: isFull ? Math.max(level, cap) : level + gain.units,
    rest: isFull ? 0 : gain.rest,
    windowMs: rate.windowMs,
  }
}

/**
 * A unit for which a bucket had no room does not come back to it, and units that come back from one holder take room from
 * those of the others: as if all had been out.
 */
function leaveRoom(counter: Counter, allowance: Allowance, refunded = 0): Counter {
  if (allowance.kind === 'quota') return counter
  const room = roomIn(counter, allowance)
  const holders = counter.holders.map((holder) => ({
    ...holder,
    room: Math.max(0, Math.min(holder.room - refunded, room)),
  }))
  return { ...counter, holders }
}

function roomIn(counter: Counter, { burst }: Rate): number {
  const begun = counter.rest > 0 ? 1 : 0
  return Math.max(0, burst - outOf(counter.holders) - counter.level - begun)
}

/**
 * Forgets the holders whose lease has ended, and counts as spent what they had. The others stay, even with nothing: a message
 * of theirs that was under way for long must be known when it comes again.
 */
function evict(
  counter: Counter,
  allowance: Allowance,
  isLive: (holder: string) => boolean,
): { counter: Counter; lost: number } {
  const holders = counter.holders.filter(({ id }) => isLive(id))
  const lost = outOf(counter.holders) - outOf(holders)
  const spent = allowance.kind === 'quota' ? counter.spent + lost : counter.spent
  return { counter: { ...counter, spent, holders }, lost }
}

/** Takes in what a holder says of the units that it had. */
function report(
  counter: Counter,
  allowance: Allowance,
  message: DrawMessage,
): { counter: Counter; kept: number } {
  const own = counter.holders.find(({ id }) => id === message.holder)
  if (own === undefined) return { counter: leaveRoom(counter, allowance), kept: 0 }
  const isItsOwn = message.period === counter.period && message.epoch === own.epoch
  const isCurrent = isItsOwn && message.epoch === counter.epoch
  const kept = isItsOwn ? Math.min(message.unspent, own.out) : 0
  const returned = isCurrent ? Math.min(message.back, own.out - kept) : 0
  const unused = isCurrent ? Math.min(message.unused, own.given) : 0
  // What is told now may have been out until a moment ago: for what the others gave to calls, it took room.
  const { holders: all } = leaveRoom(counter, allowance)
  const holders = all.map((holder) => (holder.id === own.id ? { ...own, out: kept } : holder))
  if (allowance.kind === 'quota') {
    const spent = counter.spent + own.out - kept - returned - unused
    return { counter: { ...counter, spent, holders }, kept }
  }
  // What it has gained since took room as well, and a bucket that is full has not begun another unit.
  const room = allowance.burst - outOf(counter.holders) - counter.level
  const refunded = Math.max(0, Math.min(unused, own.room, room))
  const cap = allowance.burst - outOf(holders)
  const level = Math.max(counter.level, Math.min(counter.level + returned + refunded, cap))
  const rest = level >= cap || (refunded > 0 && refunded === room) ? 0 : counter.rest
  return { counter: leaveRoom({ ...counter, level, rest, holders }, allowance, refunded), kept }
}

/** How many units the waiting calls get: all that they need, or what some of them can take. */
function givenOf({ need, least }: DrawMessage, available: number): number {
  return need <= available ? need : Math.floor(available / least) * least
}

/** How many units a holder is granted of those that are left when its waiting calls have theirs. */
function grantOf(
  counter: Counter,
  allowance: Allowance,
  { holder, epoch, want, isLong }: DrawMessage,
  left: number,
  kept: number,
): number {
  if (epoch !== counter.epoch) return 0
  const others = counter.holders.filter(
    ({ id, drewAt }) => id !== holder && counter.asOf - drewAt < sharingMs,
  )
  const share = Math.floor(left / (shares * (others.length + 1)))
  const most =
    isLong && allowance.kind === 'quota' ? Math.floor((allowance.limit + counter.added) * longShare) : want
  return Math.max(0, Math.min(Math.min(want, most) - kept, share))
}

function takeOut(
  counter: Counter,
  allowance: Allowance,
  given: number,
  granted: number,
  holder: Holder,
): Counter {
  const others = counter.holders.filter(({ id }) => id !== holder.id)
  const holders = [...others, holder]
  if (allowance.kind === 'quota') return { ...counter, spent: counter.spent + given, holders }
  const next = { ...counter, level: counter.level - given - granted, holders }
  return { ...next, holders: [...others, { ...holder, room: roomIn(next, allowance) }] }
}

/** Answers a message that came again as the first time; one that was overtaken, or whose holder is gone, gets nothing. */
function repeat(counter: Counter, allowance: Allowance, own: Holder | undefined, message: DrawMessage): Draw {
  const isSame = own !== undefined && message.sequence === own.sequence
  const told = isSame ? own : { ...nothing, id: message.holder }
  return {
    counter,
    answer: answerOf(counter, allowance, told, message),
    isShort: false,
    lost: 0,
    isRepeated: true,
  }
}

function answerOf(
  counter: Counter,
  allowance: Allowance,
  { id, granted, given, kept }: Pick<Holder, 'id' | 'granted' | 'given' | 'kept'>,
  { need, least }: DrawMessage,
): DrawAnswer {
  const end = periodEnd(allowance, counter.asOf)
  const elsewhere = outOf(counter.holders.filter((holder) => holder.id !== id))
  return {
    granted,
    given,
    kept,
    period: counter.period,
    left: storeOf(counter, allowance),
    elsewhere,
    emptyForMs: given < need ? emptyFor(counter, allowance, least, elsewhere > 0) : 0,
    endsInMs: end === null ? null : end - counter.asOf,
    endsAt: end,
  }
}

function emptyFor(counter: Counter, allowance: Allowance, least: number, isShared: boolean): number {
  const most = isShared ? maxEmptyMs.shared : maxEmptyMs.alone
  if (allowance.kind === 'quota') {
    const end = periodEnd(allowance, counter.asOf)
    return Math.max(minEmptyMs, Math.min(end === null ? most : end - counter.asOf, most))
  }
  const next = timeToGain(allowance, least - counter.level, counter.rest) ?? most
  // A bucket that is full gains nothing: one that fills soon is asked again before that.
  const full = timeToGain(allowance, allowance.burst - outOf(counter.holders) - counter.level) ?? most
  return Math.max(1, Math.min(minEmptyMs, Math.floor(full / 2)), Math.min(next, most))
}

/** How many units are in the store; below zero if more was settled, or the limit was lowered. */
export function storeOf(counter: Counter, allowance: Allowance): number {
  return allowance.kind === 'rate'
    ? counter.level
    : allowance.limit + counter.added - counter.spent - outOf(counter.holders)
}

/**
 * Brings what a call has reserved to what it cost: a surplus goes back, a shortfall is drawn, below zero if it must. A bucket
 * is not filled above its burst. If the period is over in which units of a quota were reserved, a surplus is void, and
 * a shortfall is drawn from the running one. Tells how many units are beyond the overdraft, or beyond what a counter can
 * count; they are not drawn.
 */
export function settleCounter(
  counter: Counter,
  allowance: Allowance,
  { units, period }: { units: number; period: number },
  cost: number,
): { counter: Counter; overdrawn: number } {
  const surplus = units - cost
  const overdraft = (allowance.kind === 'quota' ? allowance.overdraft : null) ?? maxOverdraft
  const room = Math.max(0, storeOf(counter, allowance) + overdraft)
  const drawn = Math.min(Math.max(0, -surplus), room)
  const overdrawn = Math.max(0, -surplus) - drawn
  if (allowance.kind === 'rate') {
    const cap = allowance.burst - outOf(counter.holders)
    const level =
      surplus < 0 ? counter.level - drawn : Math.max(counter.level, Math.min(counter.level + surplus, cap))
    return { counter: leaveRoom({ ...counter, level }, allowance), overdrawn }
  }
  // What was reserved may still count as out: its holder has not said yet that it is spent. Then `spent` is below zero until
  // it does.
  const taken = counter.spent + outOf(counter.holders)
  const back = surplus > 0 && period === counter.period ? Math.max(0, Math.min(surplus, taken)) : 0
  return { counter: { ...counter, spent: counter.spent + drawn - back }, overdrawn }
}

/** How many units are out. */
export function outOf(holders: readonly Holder[]): number {
  let sum = 0
  for (const { out } of holders) sum += out
  return sum
}
