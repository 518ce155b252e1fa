// All that is measured, in its order.
import type { Findings } from '../rounds.ts'
import type { Settings } from '../settings.ts'
import { measureCalm } from './calm.ts'
import { measureChildren } from './children.ts'
import { measureCreation } from './creation.ts'
import { measureEventsCreation } from './events-creation.ts'
import { measureEventsDelivery } from './events-delivery.ts'
import { measureEventsVerify } from './events-verify.ts'
import { measureHttp } from './http.ts'
import { measureImports } from './imports.ts'
import { measureInProcess } from './in-process.ts'
import { measureLeaks } from './leaks.ts'
import { measureLimitsCold } from './limits-cold.ts'
import { measureLimitsHotKey } from './limits-hot-key.ts'
import { measureLimitsHttp } from './limits-http.ts'
import { measureLimitsInProcess } from './limits-in-process.ts'
import { measureLimitsManyKeys } from './limits-many-keys.ts'
import { measureLimitsMemory } from './limits-memory.ts'
import { measureMemory } from './memory.ts'
import { measureStart } from './start.ts'
import { measureStored } from './stored.ts'
import { measureUsageFigures } from './usage-figures.ts'
import { measureUsageFlush } from './usage-flush.ts'
import { measureUsageVerify } from './usage-verify.ts'

/** The sections by the names under which `--only` takes them. */
export const sections: Record<string, (settings: Settings) => Promise<Findings>> = {
  'in-process': measureInProcess,
  http: measureHttp,
  stored: measureStored,
  start: measureStart,
  memory: measureMemory,
  creation: measureCreation,
  calm: measureCalm,
  'limits-in-process': measureLimitsInProcess,
  'limits-http': measureLimitsHttp,
  'limits-hot-key': measureLimitsHotKey,
  'limits-many-keys': measureLimitsManyKeys,
  'limits-memory': measureLimitsMemory,
  'limits-cold': measureLimitsCold,
  'usage-verify': measureUsageVerify,
  'usage-flush': measureUsageFlush,
  'usage-figures': measureUsageFigures,
  imports: measureImports,
  children: measureChildren,
  leaks: measureLeaks,
  'events-creation': measureEventsCreation,
  'events-delivery': measureEventsDelivery,
  'events-verify': measureEventsVerify,
}
