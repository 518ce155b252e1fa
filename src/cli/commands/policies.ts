// `latchkey policy …`: what keys may be, for the whole deployment and for each organization.
import { Option } from 'commander'
import type { Policy, SetPolicyInput } from '../../core/shapes/policies.ts'
import { type Connection, serverOrDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { CommandError, exitCodes } from '../kit/failures.ts'
import { formatFields, print } from '../kit/output.ts'
import { formatInstant, formatLength } from '../kit/times.ts'
import { describeApplied } from './key-views.ts'

const organization = () => new Option('--organization <id>', 'the policy of this organization alone')

export const policyCommands = [
  defineCommand({
    path: 'policy get',
    summary: 'show the policy of the deployment, or that of an organization',
    on: serverOrDatabase,
    options: [organization()],
    examples: ['latchkey policy get', 'latchkey policy get --organization acme'],
    notes: 'Keys of an organization keep both policies.',
    run: ({ policies }, { options: { organization: id } }) =>
      typeof id === 'string' ? policies.getFor(id) : policies.get(),
    print: (policy, { options: { organization } }) => printPolicy(policy, organization),
  }),
  defineCommand({
    path: 'policy set',
    summary: 'replace the rules of the deployment, or those of an organization',
    on: serverOrDatabase,
    shape: async () => (await import('../../core/shapes/policies.ts')).setPolicySchema,
    texts: {
      maxLifetimeSeconds: 'how far ahead the expiry of a key may be set',
      requireExpiry: 'every key must expire',
      permissions: 'all that may be granted, such as emails:* (repeatable)',
      cataloguedOnly: 'only permissions of the catalogue may be granted',
      prefixes: 'what new tokens may begin with (repeatable)',
      requireAllowedIps: 'every key must name the addresses from which it may be used',
      maxKeys: 'how many keys an organization has at most that are neither revoked nor expired',
      onLeak:
        'when the newest token of a key leaks: revoke the key, end_after some hours the token, or notify alone',
      leakEndsAfterHours: 'with --on-leak end_after: after how many hours, 1 to 24',
    },
    options: [
      organization(),
      new Option('--no-permissions', 'let nobody grant any permission').conflicts('permission'),
      new Option('--no-rules', 'remove all rules').conflicts([
        ...['permission', 'permissions', 'maxLifetime', 'requireExpiry', 'cataloguedOnly'],
        ...['prefix', 'requireAllowedIps', 'maxKeys', 'onLeak', 'leakEndsAfterHours'],
      ]),
    ],
    wait: true,
    edits: true,
    examples: [
      'latchkey policy set --max-lifetime 90d --max-keys 100',
      'latchkey policy set --organization acme --permission emails:* --require-allowed-ips',
      'latchkey policy set --on-leak end_after --leak-ends-after-hours 4',
      'latchkey policy set --no-rules',
    ],
    notes:
      'What is named is all that the policy has from then on. Keys that break it stay as they are: `latchkey keys list --breaks-policy` shows them.',
    run: ({ policies }, { input, options, wait }) => {
      const rules = rulesOf(input, options)
      const { organization: id } = options
      return typeof id === 'string' ? policies.setFor(id, rules, wait) : policies.set(rules, wait)
    },
    print: (policy, { options: { organization } }) => {
      printPolicy(policy, organization)
      print(...describeApplied(policy.applied))
    },
  }),
  defineCommand({
    path: 'policy delete',
    summary: 'remove the policy of an organization, to which that of the deployment stays',
    on: serverOrDatabase,
    arguments: { organization: 'the id of the organization' },
    wait: true,
    edits: true,
    confirm:
      ({ args }) =>
      async ({ policies }: Connection) => {
        await policies.getFor(args.organization)
        return `Remove the policy of ${args.organization}?`
      },
    examples: ['latchkey policy delete acme --yes'],
    run: async ({ policies }, { args, wait }) => ({
      success: true,
      ...(await policies.deleteFor(args.organization, wait)),
    }),
    print: ({ applied }, { args }) =>
      print(`Removed the policy of ${args.organization}.`, ...describeApplied(applied)),
  }),
]

/** The rules that were named. Nothing at all is a slip: it would remove every rule. */
function rulesOf(input: SetPolicyInput, options: Record<string, unknown>): SetPolicyInput {
  const rules = { ...input, ...(options.permissions === false && { permissions: [] }) }
  if (Object.keys(rules).length === 0 && options.rules !== false)
    throw new CommandError(exitCodes.usage, 'Name the rules of the policy, or --no-rules to remove them all.')
  return rules
}

function printPolicy(policy: Policy, organization: unknown): void {
  const usual = organization === undefined ? 'the key is revoked' : 'as the deployment says'
  const { maxLifetimeSeconds, permissions, prefixes, maxKeys, onLeak, setAt, revision } = policy
  const whether = (isOn: boolean) => (isOn ? 'yes' : 'no')
  print(
    ...formatFields([
      ['Longest lifetime', maxLifetimeSeconds === null ? 'no rule' : formatLength(maxLifetimeSeconds)],
      ['Must expire', whether(policy.requireExpiry)],
      ['Permissions', permissions === null ? 'no rule' : permissions.join(', ') || 'none'],
      ['Catalogue only', whether(policy.cataloguedOnly)],
      ['Prefixes', prefixes === null ? 'no rule' : prefixes.join(', ')],
      ['Must name addresses', whether(policy.requireAllowedIps)],
      ['Most keys', maxKeys === null ? 'no rule' : String(maxKeys)],
      ['When a token leaks', onLeak === null ? `no rule: ${usual}` : describeOnLeak(policy)],
      ['Set', setAt === null ? 'never' : formatInstant(setAt, Date.now())],
      ['Revision', revision],
    ]),
  )
}

function describeOnLeak({ onLeak, leakEndsAfterHours }: Policy): string {
  if (onLeak === 'end_after') return `the token ends after ${formatLength((leakEndsAfterHours ?? 1) * 3_600)}`
  return onLeak === 'revoke' ? 'the key is revoked' : 'its owner is told'
}
