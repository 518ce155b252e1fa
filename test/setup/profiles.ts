// Profiles of calls as processes have counted them.
import type { ProfileCount, UsageCount } from '../../src/core/usage-counts.ts'
import { instantsOf } from '../../src/store/instants.ts'
import { openStore } from '../../src/store/store.ts'
import { saveUsage } from '../../src/store/usage.ts'
import { hourMs } from './usage.ts'

export const dayMs = 24 * hourMs

/** What a profile has, at an instant; what is left out is of a valid call that told nothing of itself. */
export type GivenProfile = Pick<ProfileCount, 'keyId'> & Partial<ProfileCount> & { at: number }

/** Writes profiles, each on the day of its instant, and counts of calls. */
export async function writeProfiles(
  { database }: { database: string },
  profiles: readonly GivenProfile[],
  counts: readonly UsageCount[] = [],
): Promise<void> {
  const store = await openStore(database, () => {})
  for (const at of new Set(profiles.map((profile) => profile.at)))
    await saveUsage(
      store,
      {
        ...{ source: crypto.randomUUID(), owner: '', number: 1, counts, uses: [] },
        profiles: profiles.filter((profile) => profile.at === at).map(toCount),
      },
      // Of older hours all are closed, unless the clock is there.
      instantsOf(store.dialect, () => at)(),
    )
  await store.close()
}

function toCount({ at, ...given }: GivenProfile): ProfileCount {
  const nothing = { operation: '', ip: '', userAgent: '', permissions: '', isRest: false }
  return {
    kid: 'kid',
    code: 'valid',
    ...nothing,
    hour: Math.floor(at / hourMs),
    calls: 1,
    last: at,
    ...given,
  }
}
