// The flags of the fields that commands take, the same in every command: what help shows, and what a refusal names.
const flags: Record<string, string> = {
  name: '--name <name>',
  organizationId: '--organization <id>',
  permissions: '--permission <permission>',
  expiresAt: '--expires <when>',
  metadata: '--metadata <json>',
  prefix: '--prefix <prefix>',
  tags: '--tag <tag>',
  tag: '--tag <tag>',
  permission: '--permission <permission>',
  kid: '--kid <kid>',
  hint: '--hint <hint>',
  count: '--count',
  createdBy: '--created-by <user>',
  graceSeconds: '--grace <duration>',
  rotate: '--rotate',
  endSecret: '--end-secret <kid>',
  revoke: '--revoke',
  grace: '--grace-until-silent <duration>',
  untilSilentSeconds: '--grace-until-silent <duration>',
  atMostSeconds: '--grace-at-most <duration>',
  secretsAfter: '--secrets-after <kid>',
  status: '--status <status>',
  q: '--query <text>',
  sort: '--sort <field>',
  expiresBefore: '--expires-before <when>',
  unusedSince: '--unused-since <when>',
  neverUsed: '--never-used',
  limit: '--limit <count>',
  limits: '--limit <limit>',
  keyLimits: '--key-limit <limit>',
  plan: '--plan <name>',
  cost: '--cost <units>',
  keyId: '--key <id>',
  keyIds: '--key-ids <id>',
  actor: '--actor <id>',
  eventIds: '--event <id>',
  before: '--before <when>',
  action: '--action <action>',
  types: '--types <action>',
  since: '--since <when>',
  until: '--until <when>',
  by: '--by <period>',
  group: '--group <what>',
  format: '--format <format>',
  events: '--events <event>',
  description: '--description <text>',
  sourceOrganizationId: '--source-organization <id>',
  resumeFrom: '--resume-from <where>',
  state: '--state <state>',
  after: '--after <cursor>',
  reference: '--reference <text>',
  idempotencyKey: '--idempotency-key <text>',
}

/** The flag of a field with the name of its value: `--organization <id>`. A field that has none of its own is called as it is. */
export function flagOf(field: string): string {
  return flags[field] ?? `--${field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} <value>`
}

/** The flag alone of a field that some command takes: `--organization`; undefined for any other. */
export function knownFlag(field: string): string | undefined {
  return flags[field]?.replace(/ .*/, '')
}
