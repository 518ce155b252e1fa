// The methods on usage of an open Latchkey.
import type { ActorOptions } from '../../core/call-options.ts'
import type { LibraryUsage } from '../../core/shapes/usage.ts'
import { checkOptions } from '../calls.ts'
import type { Engine } from '../engine.ts'
import { exportUsage, exportUsagePage } from './export.ts'
import { readKeyUsage, readUsage } from './figures.ts'

/** Makes the methods on usage of an open Latchkey. */
export function usageMethods(engine: Engine): LibraryUsage<ActorOptions> {
  return {
    read: async (input, options) => readUsage(engine, input, checkOptions(options)),
    readKey: async (id, input, options) => readKeyUsage(engine, id, input, checkOptions(options)),
    export: async (input, options) => exportUsage(engine, input, checkOptions(options)),
    exportPage: async (input, options) => exportUsagePage(engine, input, checkOptions(options)),
  }
}
