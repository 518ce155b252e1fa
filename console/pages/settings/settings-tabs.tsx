// The pages of the settings, above each of them.
import { Tabs } from '../../components/tabs.tsx'
import { settingsOf } from '../../places.ts'
import { useSession } from '../../session.ts'

export function SettingsTabs() {
  return <Tabs label="Settings" tabs={settingsOf(useSession())} />
}
