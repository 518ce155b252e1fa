// The rules of policies in words: what each refuses, what two policies together allow, and what a form makes of them. Pure.
import { maxLifetimeSeconds, maxPolicyKeys } from '../../src/core/bounds.ts'
import { isReserved } from '../../src/core/permissions.ts'
import type { WirePolicy } from '../api.ts'
import { countOf } from './limits.ts'
import { mergeBound } from './merges.ts'
import { lengthOf } from './times.ts'

/** The rules of a policy, without when they were set. */
export type WireRules = Omit<WirePolicy, 'set_at' | 'revision'>
type RuleName = keyof WireRules

/** Each rule in its order: what it is called, and how a key breaks it. */
export const ruleWords: Record<RuleName, { label: string; breach: string }> = {
  max_lifetime_seconds: { label: 'Longest lifetime', breach: 'may live too long' },
  require_expiry: { label: 'Must expire', breach: 'never expires' },
  permissions: { label: 'Permissions that may be granted', breach: 'holds too much' },
  catalogued_only: {
    label: 'Only permissions of the catalogue',
    breach: 'holds what is not in the catalogue',
  },
  prefixes: { label: 'Prefixes of new tokens', breach: 'prefix' },
  require_allowed_ips: { label: 'Must name addresses', breach: 'names no addresses' },
  max_keys: { label: 'Most keys', breach: 'one key too many' },
  // No key breaks these: they say what becomes of one that leaks.
  on_leak: { label: 'When a token leaks', breach: '' },
  leak_ends_after_hours: { label: 'A leaked token ends after', breach: '' },
}
export const ruleNames = Object.keys(ruleWords) as RuleName[]

/** A value of a rule: words, or a list of what is allowed; undefined where there is no rule. */
export type RuleValue = string | readonly string[] | undefined

export function ruleValue(name: RuleName, rules: WireRules): RuleValue {
  const value = rules[name]
  if (value === null || value === false) return undefined
  if (value === true) return 'Yes'
  if (typeof value === 'object') return value.length === 0 ? 'None' : value
  if (value === 'end_after')
    return `End the token ${lengthOf((rules.leak_ends_after_hours ?? 1) * 3_600)} later`
  if (typeof value === 'string') return leakWords[value]
  if (name === 'leak_ends_after_hours') return lengthOf(value * 3_600)
  return name === 'max_lifetime_seconds' ? lengthOf(value) : countOf(value)
}

/** What is done when a token leaks, in words. */
export const leakWords = {
  revoke: 'Revoke the key',
  end_after: 'End the token some hours later',
  notify: 'Tell, and do nothing',
}

/** To choose from, the gravest first. */
export const leakChoices = (['revoke', 'end_after', 'notify'] as const).map((value) => ({
  value,
  label: leakWords[value],
}))

/** What a key must keep that keeps both. */
export function bothRules(one: WireRules, other: WireRules): WireRules {
  const least = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : Math.min(a, b))
  const common = <List extends readonly string[]>(
    a: List | null,
    b: List | null,
    of: (a: List, b: List) => List,
  ) => (a === null ? b : b === null ? a : of(a, b))
  return {
    max_lifetime_seconds: least(one.max_lifetime_seconds, other.max_lifetime_seconds),
    require_expiry: one.require_expiry || other.require_expiry,
    permissions: common(one.permissions, other.permissions, commonPermissions),
    catalogued_only: one.catalogued_only || other.catalogued_only,
    prefixes: common(one.prefixes, other.prefixes, (a, b) => a.filter((prefix) => b.includes(prefix))),
    require_allowed_ips: one.require_allowed_ips || other.require_allowed_ips,
    max_keys: least(one.max_keys, other.max_keys),
    ...graverLeakRules(one, other),
  }
}

/** What is done when a token leaks, by the rules of the deployment: keys are revoked unless they say otherwise. */
export function leakRule(deployment: WireRules): string {
  return asWords(ruleValue('on_leak', deployment)) ?? leakWords.revoke
}

/**
 * What is done when a token of an organization leaks. What the operator has set for it counts as it is, and what it has set for
 * itself only if that is graver: a laxer rule does not tell which it is.
 */
export function leakInEffect(deployment: WireRules, own: WireRules): string {
  const usual = leakRule(deployment)
  const its = asWords(ruleValue('on_leak', own)) ?? usual
  const isGraver = graveness(own) >= graveness({ ...deployment, on_leak: deployment.on_leak ?? 'revoke' })
  return its === usual || isGraver
    ? its
    : `${its}, if the operator has set that. If the organization has: ${usual}`
}

function asWords(value: RuleValue): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function graveness({ on_leak: action, leak_ends_after_hours: hours }: WireRules): number {
  return action === null ? -1 : action === 'revoke' ? 25 : action === 'notify' ? 0 : 25 - (hours ?? 1)
}

function graverLeakRules(one: WireRules, other: WireRules) {
  const { on_leak, leak_ends_after_hours } = graveness(other) > graveness(one) ? other : one
  return { on_leak, leak_ends_after_hours }
}

/** The permissions that both of two lists cover: each pattern of one, as far as one of the other has it too. */
function commonPermissions(one: readonly string[], other: readonly string[]): string[] {
  return [...new Set(one.flatMap((a) => other.flatMap((b) => commonPermission(a, b) ?? [])))]
}

/** What two patterns have in common, which is one pattern or nothing. */
function commonPermission(one: string, other: string): string | undefined {
  // The reserved namespace opens to no wildcard before it.
  if (isReserved(one) !== isReserved(other)) return undefined
  const [a, b] = [one.split(':'), other.split(':')]
  const common: string[] = []
  for (let at = 0; ; at++) {
    const [own, its] = [a[at], b[at]]
    if (own === undefined || its === undefined) return own === its ? common.join(':') : undefined
    // At the end `*` stands for all that is left.
    if (own === '*' && at === a.length - 1) return [...common, ...b.slice(at)].join(':')
    if (its === '*' && at === b.length - 1) return [...common, ...a.slice(at)].join(':')
    if (own !== its && own !== '*' && its !== '*') return undefined
    common.push(own === '*' ? its : own)
  }
}

/** The rules that a key breaks, in words. */
export function breachesInWords(rules: readonly RuleName[]): string {
  return rules.map((rule) => ruleWords[rule].breach).join(', ')
}

const unitSeconds = { days: 86_400, hours: 3_600, minutes: 60, seconds: 1 } as const
export type LengthUnit = keyof typeof unitSeconds
export const lengthUnits = Object.keys(unitSeconds) as LengthUnit[]

/** What a form has of the rules while it is typed into. */
export interface PolicyDraft
  extends Pick<
    WireRules,
    ('require_expiry' | 'permissions' | 'catalogued_only' | 'require_allowed_ips') | 'on_leak'
  > {
  /** Digits; empty for no rule. */
  lifetime: string
  unit: LengthUnit
  /** None for no rule. */
  prefixes: readonly string[]
  /** Digits; empty for no rule. */
  maxKeys: string
  /** Digits; of no matter unless a leaked token ends some hours later. */
  leakHours: string
}

export function toPolicyDraft(rules: WireRules): PolicyDraft {
  const {
    max_lifetime_seconds: seconds,
    max_keys: maxKeys,
    prefixes,
    leak_ends_after_hours: hours,
    ...same
  } = rules
  const unit = lengthUnits.find((each) => (seconds ?? 0) % unitSeconds[each] === 0) ?? 'seconds'
  return {
    ...same,
    unit,
    lifetime: seconds === null ? '' : String(seconds / unitSeconds[unit]),
    prefixes: prefixes ?? [],
    maxKeys: maxKeys === null ? '' : String(maxKeys),
    leakHours: hours === null ? '' : String(hours),
  }
}

/** What is wrong with a draft, each in a sentence. */
export function policyFaults(draft: PolicyDraft): {
  lifetime?: string
  maxKeys?: string
  leakHours?: string
} {
  const seconds = secondsOf(draft)
  const count = numberOf(draft.maxKeys)
  const hours = numberOf(draft.leakHours) ?? 0
  const isShort = seconds !== null && seconds >= 1 && seconds <= maxLifetimeSeconds
  return {
    ...(draft.lifetime.trim() !== '' && !isShort && { lifetime: 'A whole number, of 100 years at most.' }),
    ...(draft.maxKeys.trim() !== '' &&
      !(count !== null && count <= maxPolicyKeys) && {
        maxKeys: `A whole number from 0 to ${countOf(maxPolicyKeys)}.`,
      }),
    ...(draft.on_leak === 'end_after' &&
      !(hours >= 1 && hours <= 24) && { leakHours: 'A whole number from 1 to 24.' }),
  }
}

const leakRules: readonly RuleName[] = ['on_leak', 'leak_ends_after_hours']

/** The rules that a draft makes, on top of what others changed while it was open. Of a draft without faults. */
export function mergeRules(opened: WireRules, draft: PolicyDraft, now: WireRules): WireRules {
  const edited: WireRules = {
    max_lifetime_seconds: secondsOf(draft),
    require_expiry: draft.require_expiry,
    permissions: draft.permissions,
    catalogued_only: draft.catalogued_only,
    prefixes: draft.prefixes.length === 0 ? null : [...draft.prefixes],
    require_allowed_ips: draft.require_allowed_ips,
    max_keys: numberOf(draft.maxKeys),
    on_leak: draft.on_leak,
    leak_ends_after_hours: draft.on_leak === 'end_after' ? numberOf(draft.leakHours) : null,
  }
  const isSame = (name: RuleName) => JSON.stringify(edited[name]) === JSON.stringify(opened[name])
  // The hours say nothing without what is done after them: they are kept together.
  const isKept = (name: RuleName) => (leakRules.includes(name) ? leakRules.every(isSame) : isSame(name))
  const kept = Object.fromEntries(ruleNames.filter(isKept).map((name) => [name, now[name]]))
  const permissions = mergeBound(opened.permissions, edited.permissions, now.permissions)
  return { ...edited, permissions: permissions && [...permissions], ...kept }
}

function secondsOf({ lifetime, unit }: PolicyDraft): number | null {
  const count = numberOf(lifetime)
  return count === null ? null : count * unitSeconds[unit]
}

function numberOf(text: string): number | null {
  const digits = text.trim().replaceAll(',', '')
  return /^\d{1,12}$/.test(digits) ? Number(digits) : null
}
