// What each method of the library and the client takes before its options.

/** An id that nothing has. */
export const idOfNothing = '0192f0c1-0000-7000-8000-000000000000'

/** Every method that takes options, with what comes before them. */
export const methods: Record<string, readonly unknown[]> = {
  'keys.create': [{ organizationId: 'acme', name: 'New' }],
  ...{ 'keys.list': [{}], 'keys.listAll': [{}], 'keys.get': [idOfNothing], 'keys.self': [] },
  'keys.listPermissions': [{}],
  ...{ 'keys.derive': [{ name: 'New' }], 'keys.listChildren': [idOfNothing, {}] },
  'keys.revokeChild': [idOfNothing],
  ...{ 'keys.listPrefixes': [], 'keys.setPrefixes': [{ prefixes: ['re'] }] },
  'keys.import': [[{ organizationId: 'acme', name: 'New', token: 'from-another-system' }]],
  'keys.listRecipes': [],
  ...{ 'keys.listCatalogue': [], 'keys.describePermissions': [{ permissions: [{ name: 'a' }] }] },
  'keys.readPermissions': [idOfNothing],
  ...{ 'keys.readPlaces': [idOfNothing], 'keys.forgetPlaces': [idOfNothing] },
  'keys.preview': [idOfNothing, { revoke: true }],
  'keys.update': [idOfNothing, { name: 'New' }],
  'keys.bulk': [{ action: 'revoke', ids: [idOfNothing], expect: 1 }],
  'keys.rotate': [idOfNothing, {}],
  'keys.endSecret': [idOfNothing, '0123456789abcdef'],
  'keys.suspend': [idOfNothing, {}],
  'keys.resume': [idOfNothing],
  'keys.revoke': [idOfNothing],
  'keys.addUnits': [idOfNothing, 'credits', { add: 1 }],
  ...{ 'organizations.create': [{ name: 'New' }], 'organizations.get': ['acme'] },
  ...{ 'organizations.list': [{}], 'organizations.listAll': [{}] },
  'organizations.update': ['acme', { name: 'New' }],
  ...{ 'organizations.suspend': ['acme', {}], 'organizations.resume': ['acme'] },
  'organizations.addUnits': ['acme', 'credits', { add: 1 }],
  ...{ 'plans.create': [{ name: 'pro' }], 'plans.list': [{}], 'plans.listAll': [{}] },
  ...{ 'plans.get': ['pro'], 'plans.update': ['pro', { permissions: null }], 'plans.delete': ['pro'] },
  ...{ 'policies.get': [], 'policies.set': [{ maxKeys: 1_000 }], 'policies.getFor': ['acme'] },
  ...{ 'policies.setFor': ['acme', { maxKeys: 1_000 }], 'policies.deleteFor': ['acme'] },
  'webhooks.create': [{ url: 'https://receiver.example/', events: ['*'] }],
  ...{
    'webhooks.list': [{}],
    'webhooks.listAll': [{}],
    'webhooks.get': [idOfNothing],
    'webhooks.delete': [idOfNothing],
  },
  ...{
    'webhooks.update': [idOfNothing, { description: 'New' }],
    'webhooks.rotate': [idOfNothing, {}],
    'webhooks.test': [idOfNothing],
  },
  'webhooks.replay': [idOfNothing, { since: new Date() }],
  ...{ 'webhooks.listDeliveries': [idOfNothing, {}], 'webhooks.listAllDeliveries': [idOfNothing, {}] },
  'webhooks.retryDelivery': [idOfNothing, idOfNothing],
  ...{ 'audit.list': [{}], 'audit.listAll': [{}], 'audit.readCheckpoint': [{}], 'audit.listSigners': [] },
  'audit.rotateSigner': [],
  'audit.erase': [{ keyId: idOfNothing, before: new Date(0) }],
  ...{ 'events.read': [{}], 'events.follow': [{}] },
  ...{ 'audit.listCheckpoints': [{}], 'audit.listAllCheckpoints': [{}] },
  ...{ 'audit.listSealed': [{}], 'audit.listAllSealed': [{}] },
  ...{ 'audit.proveEvent': [{ sequence: 1 }], 'audit.proveGrowth': [{ from: 1 }] },
  ...{ 'usage.read': [{}], 'usage.readKey': [idOfNothing, {}], 'usage.export': [{}] },
  ...{ 'sessions.list': [], 'sessions.end': [idOfNothing] },
}
/** With those that a server has no need of: it answers whole. */
export const libraryMethods: typeof methods = {
  ...methods,
  'usage.exportPage': [{}],
  'keys.exportSecrets': [{}],
}
