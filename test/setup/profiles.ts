// Profiles of calls as processes have counted them.
import { instantsOf } from '../../src/store/instants.ts'
import type { ProfileCount } from '../../src/store/profiles.ts'
import { openStore } from '../../src/store/store.ts'
import { saveUsage } from '../../src/store/usage.ts'
import { hourMs } from './usage.ts'

export const dayMs = 24 * hourMs

/** What a profile has, at an instant; what is left out is of a valid call that told nothing of itself. */
export type GivenProfile = Pick<ProfileCount, 'keyId'> & Partial<ProfileCount> & { at: number }

/** Writes profiles, each on the day of its instant. */
export async function writeProfiles(
  { database }: { database: string },
  profiles: readonly GivenProfile[],
): Promise<void> {
  const store = await openStore(database, () => {})
  for (const { at, ...given } of profiles) {
    const hour = Math.floor(at / hourMs)
    const nothing = { operation: '', ip: '', userAgent: '', permissions: '', isRest: false }
    const profile = { kid: 'kid', code: 'valid', ...nothing, hour, calls: 1, last: at, ...given }
    await saveUsage(
      store,
      { source: crypto.randomUUID(), owner: '', number: 1, counts: [], profiles: [profile], uses: [] },
      // Of older hours all are closed, unless the clock is there.
      instantsOf(store.dialect, () => at)(),
    )
  }
  await store.close()
}
