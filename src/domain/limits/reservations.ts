// Reservations: what a call has drawn before its cost is known, as a text that its caller keeps. Nothing is written for it.
//
//   r1.<id>.<key id>.<ends at>.<entries>.<signature>
//
// An entry is `<counter>~<epoch>~<period>~<units>`, numbers in base 36; a counter goes by eight characters of the hash of
// its id, which tell the limits of one key apart.
import { createHash, randomBytes } from 'node:crypto'
import { LatchkeyError, refuseField } from '../../core/errors.ts'
import type { Claim } from '../../verdict/claims.ts'
import type { Reserving } from '../../verdict/evaluate.ts'
import type { Keyring } from '../keyring.ts'

/** What was reserved of one counter. */
export interface Reserved {
  counter: string
  epoch: number
  period: number
  units: number
}

/** What a reservation says. */
export interface Reservation {
  id: string
  keyId: string
  /** In milliseconds since 1970. */
  endsAt: number
  reserved: Reserved[]
}

const purpose = 'reservation'
/** An entry has at most 33 characters, and all the rest 110: no reservation is longer than 1,024. */
const maxReserved = 27

/** Makes reservations of what calls have drawn. */
export function reservations(keyring: Keyring): Reserving {
  return {
    require(claims) {
      if (claims.length > 0 && claims.every(({ cost }) => cost === 0))
        refuseField('reserveSeconds', 'Reserves nothing: the call costs 0. Leave it out, or name a cost.')
      if (claims.filter(({ cost }) => cost > 0).length > maxReserved)
        refuseField('reserveSeconds', `Reserves units of more than ${maxReserved} limits.`)
      keyring.require()
    },
    make(keyId, claims, endsAt) {
      const entries = claims.filter(({ cost }) => cost > 0).map(writeEntry)
      const text = [
        'r1',
        randomBytes(12).toString('base64url'),
        keyId,
        endsAt.toString(36),
        entries.join('*'),
      ].join('.')
      return `${text}.${keyring.sign(purpose, text)}`
    },
  }
}

/** Reads a reservation that this instance has made. Throws `invalid_input` for anything else, `keyring_missing`. */
export function readReservation(keyring: Keyring, given: string): Reservation {
  const end = given.lastIndexOf('.')
  const text = given.slice(0, end)
  const [form, id = '', keyId = '', endsAt = '', entries = ''] = text.split('.')
  if (form !== 'r1' || !keyring.hasSigned(purpose, text, given.slice(end + 1)))
    refuseField('reservation', 'Must be a reservation of this instance, whole and as a verdict gave it.')
  return { id, keyId, endsAt: Number.parseInt(endsAt, 36), reserved: entries.split('*').map(readEntry) }
}

/** By what a reservation names a counter. */
export function counterHash(counterId: string): string {
  return createHash('sha256').update(counterId).digest('base64url').slice(0, 8)
}

function writeEntry({ limit, cost, period = limit.holding?.period ?? 0 }: Claim): string {
  const numbers = [limit.epoch, period, cost]
  return [counterHash(limit.counterId), ...numbers.map((number) => number.toString(36))].join('~')
}

function readEntry(text: string): Reserved {
  const [counter = '', ...numbers] = text.split('~')
  const [epoch = 0, period = 0, units = 0] = numbers.map((number) => Number.parseInt(number, 36))
  return { counter, epoch, period, units }
}

/** The refusal of a reservation whose time is over. */
export function reservationEnded(): LatchkeyError {
  return new LatchkeyError(
    'reservation_ended',
    'The time of the reservation is over, so what it reserved counts as spent. Reserve for longer, and settle in time.',
  )
}
