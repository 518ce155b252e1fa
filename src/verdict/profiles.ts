// Counts calls in memory by what they have in common (a profile): secret, circumstances and verdict. Pure, as `tally.ts`, and
// beside it: that one counts every verdict, and this one tells as many kinds of calls apart as there is room for.
//
// The way of a valid verdict from memory: the cache raises one number of the secret's slot as long as calls repeat their
// circumstances, and tells of it when they change or when what was counted is collected.
import { maxProfilePermissions } from '../core/bounds.ts'
import type { ProfileCount } from '../core/usage-counts.ts'
import { type Circumstances, KnownCircumstances } from './circumstances.ts'
import type { Facts } from './facts.ts'

/** The key of a secret. */
export type KnownKey = Pick<Facts['answer'], 'keyId' | 'organizationId'>

interface Total {
  calls: number
  last: number
}

/** The valid calls of a secret, which all had the same circumstances; null for those that found no room. */
interface Alone extends Total {
  kid: string
  answer: KnownKey
  circumstances: Circumstances | null
}

/** What was counted of a secret since the last collection. */
export class SecretProfiles {
  readonly kid: string
  readonly answer: KnownKey
  /** By code and circumstances; under null the rest. */
  readonly totals = new Map<string, Map<Circumstances | null, Total>>()
  size = 0
  weight = 0
  isListed = false

  constructor(kid: string, answer: KnownKey) {
    this.kid = kid
    this.answer = answer
  }
}

/** A secret has so many profiles until the next collection at most. */
const maxOfSecret = 256
/** What is waiting to be written takes about so many bytes at most. */
const maxWeight = 2 ** 26
/** The first profile of a secret shares its texts with others more often than not. */
const totalWeight = 100
/** Beyond its first few profiles, a secret takes no more than such a part of half of all: whoever makes many leaves room for others. */
const fewProfiles = 8
const shareOfFree = 64
/** So many profiles wait at most to be written, given back by a database that was away. */
const maxKept = 100_000
const maxKeptRests = 1_000_000

/** All profiles of a process. */
export class Profiles {
  readonly known = new KnownCircumstances()
  readonly #bySecret = new Map<string, SecretProfiles>()
  #listed: SecretProfiles[] = []
  #alone: Alone[] = []
  /** What was counted in hours that are over. */
  #gathered: ProfileCount[] = []
  #kept = new Map<string, ProfileCount>()
  #weight = 0

  /** What is counted of a secret, until the next collection. */
  of(kid: string, answer: KnownKey): SecretProfiles {
    let profiles = this.#bySecret.get(kid)
    if (profiles === undefined) {
      profiles = new SecretProfiles(kid, answer)
      this.#bySecret.set(kid, profiles)
    }
    return profiles
  }

  /** Counts calls, the last one at an instant in milliseconds since 1970. */
  add(profiles: SecretProfiles, circumstances: Circumstances, code: string, calls: number, at: number): void {
    if (!profiles.isListed) {
      profiles.isListed = true
      this.#listed.push(profiles)
    }
    let totals = profiles.totals.get(code)
    if (totals === undefined) {
      totals = new Map()
      profiles.totals.set(code, totals)
    }
    let total = totals.get(circumstances)
    if (total === undefined) {
      const place = this.#hasRoom(profiles, circumstances) ? circumstances : null
      total = totals.get(place)
      if (total === undefined) {
        total = { calls: 0, last: at }
        totals.set(place, total)
      }
    }
    total.calls += calls
    if (at > total.last) total.last = at
  }

  /** Counts calls of a secret that had no other circumstances since the last collection. */
  addAlone(kid: string, answer: KnownKey, circumstances: Circumstances, calls: number, last: number): void {
    const hasRoom = this.#weight + totalWeight <= maxWeight
    if (hasRoom) this.#weight += totalWeight
    this.#alone.push({ kid, answer, circumstances: hasRoom ? circumstances : null, calls, last })
  }

  #hasRoom(profiles: SecretProfiles, { bytes }: Circumstances): boolean {
    const weight = profiles.size === 0 ? totalWeight : totalWeight + bytes
    const free = maxWeight - this.#weight
    const isOfFew = profiles.size < fewProfiles
    const isFair = isOfFew || profiles.weight + weight <= (free - maxWeight / 2) / shareOfFree
    if (profiles.size >= maxOfSecret || weight > free || !isFair) return false
    profiles.size++
    profiles.weight += weight
    this.#weight += weight
    return true
  }

  /** Takes down what was counted in the hour that ends, or that is collected. */
  gather(hour: number): void {
    for (const one of this.#alone) this.#gathered.push(ofAlone(one, hour))
    for (const profiles of this.#listed) {
      this.#gathered.push(...ofSecret(profiles, hour))
      profiles.isListed = false
      profiles.size = 0
      profiles.weight = 0
      profiles.totals.clear()
    }
    this.#alone = []
    this.#listed = []
    this.#bySecret.clear()
    this.#weight = 0
  }

  /** What was counted of a key and waits to be collected; it goes on waiting. */
  ofKey(keyId: string, hour: number): ProfileCount[] {
    const isOfKey = (one: { answer: KnownKey }) => one.answer.keyId === keyId
    const waiting = [...this.#gathered, ...this.#kept.values()].filter((profile) => profile.keyId === keyId)
    return [
      ...waiting,
      ...this.#alone.filter(isOfKey).map((one) => ofAlone(one, hour)),
      ...this.#listed.filter(isOfKey).flatMap((profiles) => ofSecret(profiles, hour)),
    ]
  }

  /** Keeps what could not be written, for the next collection. */
  giveBack(profile: ProfileCount): void {
    const place = placeOf(profile)
    const same = this.#kept.get(place)
    if (same !== undefined) {
      same.calls += profile.calls
      same.last = Math.max(same.last, profile.last)
    } else if (this.#kept.size < (profile.isRest ? maxKeptRests : maxKept))
      this.#kept.set(place, { ...profile })
    else if (!profile.isRest) this.giveBack({ ...profile, ...rest })
  }

  /** Takes all that was counted. */
  collect(hour: number): ProfileCount[] {
    this.gather(hour)
    const gathered = this.#gathered
    this.#gathered = []
    if (this.#kept.size === 0) return gathered
    for (const profile of gathered) this.giveBack(profile)
    const kept = [...this.#kept.values()]
    this.#kept = new Map()
    return kept
  }
}

function ofAlone({ kid, answer, circumstances, calls, last }: Alone, hour: number): ProfileCount {
  return { keyId: answer.keyId, kid, hour, code: 'valid', ...describe(circumstances), calls, last }
}

function ofSecret({ kid, answer, totals }: SecretProfiles, hour: number): ProfileCount[] {
  const profiles: ProfileCount[] = []
  for (const [code, ofCode] of totals)
    for (const [circumstances, { calls, last }] of ofCode)
      profiles.push({ keyId: answer.keyId, kid, hour, code, ...describe(circumstances), calls, last })
  return profiles
}

function placeOf({ kid, hour, code, isRest, operation, ip, userAgent, permissions }: ProfileCount): string {
  return isRest
    ? `${kid} ${hour} ${code}`
    : JSON.stringify([kid, hour, code, operation, ip, userAgent, permissions])
}

type Described = Pick<ProfileCount, 'operation' | 'ip' | 'userAgent' | 'permissions' | 'isRest'>

const rest: Described = Object.freeze({ operation: '', ip: '', userAgent: '', permissions: '', isRest: true })

function describe(circumstances: Circumstances | null): Described {
  if (circumstances === null) return rest
  const permissions = textOf(circumstances.permissions)
  if (permissions.length > maxProfilePermissions) return rest
  const { operation = '', ip = '', userAgent = '' } = circumstances
  return { operation, ip, userAgent, permissions, isRest: false }
}

/** What lists of permissions are as text: many keys and calls share these. */
const texts = new WeakMap<readonly string[], string>()

function textOf(asked: readonly string[]): string {
  if (asked.length === 0) return ''
  let text = texts.get(asked)
  if (text === undefined) {
    text = [...new Set(asked)].sort().join(' ')
    texts.set(asked, text)
  }
  return text
}
