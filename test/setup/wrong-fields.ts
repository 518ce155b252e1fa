// Wrong values for each field and query parameter of the HTTP API, wherever it is taken.

/** The id of no key. */
const nothing = '01a20711-2508-7000-8000-18883f1ab395'
const long = (length: number) => 'a'.repeat(length)
const deep = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`)

/** Wrong values of each field, wherever it is taken. */
const wrongNames = [null, 1, true, [], {}, '', ' ', long(257), 'a\nb', 'a\u0000', '\ud800']
const wrongInstants = [
  1,
  true,
  [],
  {},
  '',
  'tomorrow',
  '2090-01-01',
  '2090-01-01T00:00:00',
  '2090-02-30T00:00:00Z',
]
const wrongPermissions: [value: unknown, path: string][] = [
  ...[null, 'emails:send', 1, {}].map((value): [unknown, string] => [value, 'permissions']),
  [Array(129).fill('a'), 'permissions'],
  ...[null, 1, [], {}, '', 'a b', 'a::b', ':a', 'a:', 'é', 'a*', long(129)].map(
    (value): [unknown, string] => [['a', value], 'permissions[1]'],
  ),
]
const wrongMetadata = [null, 1, 'a', [], { a: long(4097) }, deep(40)]
const wrongOrganizationIds = [null, 1, [], {}, '', '.', '..', 'a b', 'a/b', 'é', long(129)]

/** A request that is wrong in one place, and the path under which the 422 names it. */
export type WrongRequest = [method: string, path: string, body: unknown, errorPath: string]

/** Every wrong request, about a key that is there and an organization `acme`. */
export function wrongRequests(keyId: string): WrongRequest[] {
  const create = (fields: object, path: string): WrongRequest => [
    'POST',
    '/v1/keys',
    { name: 'A', ...fields },
    path,
  ]
  const update = (fields: unknown, path: string): WrongRequest => ['PATCH', `/v1/keys/${keyId}`, fields, path]
  const rotate = (value: unknown): WrongRequest => [
    'POST',
    `/v1/keys/${keyId}/rotate`,
    { grace_seconds: value },
    'grace_seconds',
  ]
  const verify = (fields: object, path: string): WrongRequest => [
    'POST',
    '/v1/keys/verify',
    { key: 'x', ...fields },
    path,
  ]
  const batch = (body: unknown, path: string): WrongRequest => ['POST', '/v1/keys/verify/batch', body, path]
  const organization = (fields: object, path: string): WrongRequest => [
    'POST',
    '/v1/organizations',
    { name: 'A', ...fields },
    path,
  ]
  return [
    ['POST', '/v1/keys', {}, 'name'],
    ...wrongNames.map((name) => create({ name }, 'name')),
    ...wrongNames.map((name) => update({ name }, 'name')),
    ...wrongNames.map((name) => organization({ name }, 'name')),
    ...wrongNames.map((name): WrongRequest => ['PATCH', '/v1/organizations/acme', { name }, 'name']),
    ['PATCH', '/v1/organizations/acme', {}, ''],
    ...wrongNames.map((created_by) => create({ created_by }, 'created_by')),
    ...wrongInstants.map((expires_at) => create({ expires_at }, 'expires_at')),
    ...wrongInstants.map((expires_at) => update({ expires_at }, 'expires_at')),
    ...['1969-12-31T23:59:59Z', '2020-01-01T00:00:00Z'].flatMap((expires_at) => [
      create({ expires_at }, 'expires_at'),
      update({ expires_at }, 'expires_at'),
    ]),
    ...wrongPermissions.flatMap(([permissions, path]) => [
      create({ permissions }, path),
      ...(permissions === null ? [] : [update({ permissions }, path)]),
      verify({ permissions }, path),
      batch([{ key: 'x' }, { key: 'x', permissions }], `[1].${path}`),
    ]),
    ...wrongMetadata.flatMap((metadata) => [
      create({ metadata }, 'metadata'),
      ...(metadata === null ? [] : [update({ metadata }, 'metadata')]),
    ]),
    ...[null, 1, [], '', 'Re', '1a', 'a__b', 'a_', long(25), 'other'].map((prefix) =>
      create({ prefix }, 'prefix'),
    ),
    ...wrongOrganizationIds.map((organization_id) => create({ organization_id }, 'organization_id')),
    ...wrongOrganizationIds.map((id) => organization({ id }, 'id')),
    update({}, ''),
    update({ permissions: null, metadata: null }, ''),
    update({ expires_at: null, status: 'revoked' }, 'status'),
    ...[null, '1', true, [], -1, 1.5, 2_592_001, 1e300].map(rotate),
    ...[null, 1, [], {}].map((key) => verify({ key }, 'key')),
    ['POST', '/v1/keys/verify', {}, 'key'],
    batch([], ''),
    batch({ key: 'x' }, ''),
    batch(Array(1001).fill({ key: 'x' }), ''),
    batch([{ key: 'x' }, 'x'], '[1]'),
    batch([{ key: 'x', extra: 1 }], '[0].extra'),
    batch([{ key: 'x', fooBar: 1 }], '[0].fooBar'),
    create({ id: nothing }, 'id'),
    create({ expiresAt: null }, 'expiresAt'),
    create({ [`re_${long(65)}`]: 1 }, '(unprintable)'),
    ...[[], '"a"', 1, null, true].flatMap((body): WrongRequest[] => [
      ['POST', '/v1/keys', body, ''],
      ['POST', '/v1/organizations', body, ''],
      // To a body that may be left out, null is none.
      ...(body === null ? [] : [['POST', `/v1/keys/${keyId}/rotate`, body, ''] satisfies WrongRequest]),
    ]),
    ['GET', '/v1/keys?limit=0', undefined, 'limit'],
    ['GET', '/v1/keys?limit=1001', undefined, 'limit'],
    ['GET', '/v1/keys?limit=', undefined, 'limit'],
    ['GET', '/v1/keys?limit=1e2', undefined, 'limit'],
    ['GET', '/v1/keys?limit=%2B5', undefined, 'limit'],
    ['GET', '/v1/keys?limit=0x10', undefined, 'limit'],
    ['GET', '/v1/keys?limit=1&limit=2', undefined, 'limit'],
    ['GET', '/v1/keys?status=dead', undefined, 'status'],
    ['GET', '/v1/keys?sort=created_at', undefined, 'sort'],
    ['GET', '/v1/keys?after=nonsense', undefined, 'after'],
    ...['', 'yes', '1', 'TRUE', '__proto__', 'constructor'].map(
      (value): WrongRequest => ['GET', `/v1/keys?never_used=${value}`, undefined, 'never_used'],
    ),
    ['GET', '/v1/keys?unused_since=2026-01-31', undefined, 'unused_since'],
    ['GET', '/v1/keys?expires_before=7d', undefined, 'expires_before'],
    ['GET', '/v1/keys?q=', undefined, 'q'],
    ['GET', '/v1/keys?organization_id=a%20b', undefined, 'organization_id'],
    ['GET', '/v1/keys?organizationId=acme', undefined, 'organizationId'],
    ['GET', '/v1/keys?page=2', undefined, 'page'],
    ['GET', '/v1/keys?__proto__=2', undefined, '__proto__'],
    ['GET', '/v1/keys?q=%ff', undefined, ''],
    ['GET', `/v1/keys/${keyId}?expand=1`, undefined, 'expand'],
    ['DELETE', `/v1/keys/${keyId}?force=1`, undefined, 'force'],
    ['GET', '/v1/organizations?q=', undefined, 'q'],
    ['GET', '/v1/organizations?name=a', undefined, 'name'],
    ['GET', '/v1/keys/permissions?organization_id=a%20b', undefined, 'organization_id'],
    ['GET', '/v1/keys/permissions?limit=1', undefined, 'limit'],
    ['GET', '/v1/audit-log?actor=%20', undefined, 'actor'],
    ['GET', `/v1/audit-log?actor=${long(257)}`, undefined, 'actor'],
    ['GET', '/v1/audit-log?since=2026-01-31', undefined, 'since'],
    ['GET', '/v1/audit-log?since=2026-01-31T00:00:00Z&until=2026-01-31T00:00:00Z', undefined, 'until'],
    ['GET', '/v1/audit-log/export?format=xlsx', undefined, 'format'],
    ['GET', '/v1/audit-log/export?format=csv&limit=1', undefined, 'limit'],
    ['GET', '/v1/audit-log/export?format=csv&after=x', undefined, 'after'],
    ['GET', '/v1/audit-log/export?format=csv&key_id=x', undefined, 'key_id'],
    ['GET', '/v1/audit-log?key_id=a', undefined, 'key_id'],
    ['GET', '/v1/audit-log?action=key.made', undefined, 'action'],
    ['GET', '/v1/auth?permission=a%20b', undefined, 'permission[0]'],
    ['GET', '/v1/auth?permission=a&permission=', undefined, 'permission[1]'],
    ['GET', '/v1/auth?permissions=a', undefined, 'permissions'],
  ]
}
