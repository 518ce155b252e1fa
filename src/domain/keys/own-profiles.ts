// What valid calls of this process had in common that the database does not know of yet.
import type { ProfileCount } from '../../core/usage-counts.ts'
import type { AskedFigure, ProfileFigure } from '../../store/profile-figures.ts'

export interface OwnProfiles {
  /** Reads from the database, and beside that the profiles of a key's calls in this process that are not in what it read. */
  readWithOwnProfiles: <Result>(
    keyId: string,
    read: () => Promise<Result>,
  ) => Promise<{ result: Result; own: ProfileCount[] }>
}

/** Those of valid calls, as the database would tell of them. */
export function toFigures(own: readonly ProfileCount[]): ProfileFigure[] {
  const valid = own.filter(({ code }) => code === 'valid')
  return valid.map(({ kid, operation, ip, userAgent, permissions, isRest, calls, last }) => ({
    kid,
    operation: operation || null,
    ip: ip || null,
    userAgent: userAgent || null,
    permissions: isRest ? null : permissions,
    calls,
    last,
  }))
}

/** Adds them to what the database has of calls by the permissions that they asked for. */
export function addToAsked(asked: readonly AskedFigure[], own: readonly ProfileCount[]): AskedFigure[] {
  const byPermissions = new Map(asked.map((figure) => [figure.permissions, { ...figure }]))
  for (const { permissions, calls, last } of toFigures(own)) {
    const known = byPermissions.get(permissions)
    if (known === undefined) byPermissions.set(permissions, { permissions, calls, last })
    else {
      known.calls += calls
      known.last = Math.max(known.last, last)
    }
  }
  return [...byPermissions.values()]
}
