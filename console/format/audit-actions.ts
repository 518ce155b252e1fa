// The API's codes in the words of people.
import type { AuditAction } from '../../src/core/shapes/audit.ts'

/** What each event of the audit log says that somebody did. */
export const auditActions: Record<AuditAction, string> = {
  'organization.created': 'Created the organization',
  'organization.updated': 'Changed the organization',
  'key.created': 'Created the key',
  'key.updated': 'Changed the key',
  'key.rotated': 'Rotated the key',
  'key.token_replayed': 'Got the token of the key again, by its Idempotency-Key',
  'key.places_forgotten': 'Forgot the places of the key',
  'key.secret_ended': 'Ended the grace period of the key',
  'key.grace_ended': 'Ended the old token of the key, as its rotation said',
  'key.revoked': 'Revoked the key',
  'session.started': 'Signed in to the console',
  'session.refreshed': 'Entered the token again',
  'session.ended': 'Signed out of the console',
  'limit.units_added': 'Changed the units of a limit',
  'limit.units_lost': 'Lost units with a process that ended',
  'limit.overdrawn': 'Settled more than the limit allows',
  'plan.created': 'Created the plan',
  'plan.updated': 'Changed the plan',
  'plan.deleted': 'Deleted the plan',
  'webhook.created': 'Created the webhook',
  'webhook.updated': 'Changed the webhook',
  'webhook.rotated': 'Rotated the secret of the webhook',
  'webhook.replayed': 'Sent events of the webhook once more',
  'webhook.retried': 'Sent an event of the webhook again',
  'webhook.deleted': 'Deleted the webhook',
  'webhook.disabled': 'Disabled the webhook',
  'log.restored': 'Began the log anew after a restore',
  'log.signer_added': 'Made a key that signs checkpoints of the log',
}
