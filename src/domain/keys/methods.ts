// What the library can do with keys: the table of its methods and the commands behind them.
import type { ActorOptions } from '../../core/call-options.ts'
import type { LibraryKeys } from '../../core/shapes/keys.ts'
import {
  changeNames,
  checkOptions,
  creationNames,
  editNames,
  listMethods,
  makeChange,
  makeEnd,
  rotationNames,
  unitsNames,
} from '../calls.ts'
import type { Engine } from '../engine.ts'
import { addKeyUnits } from '../limits/units.ts'
import { changeKeys } from './bulk.ts'
import { describePermissions, listCatalogue, warned } from './catalogue.ts'
import { listChildren, revokeChild } from './children.ts'
import { createKey, deriveKey } from './create.ts'
import { exportSecrets } from './export.ts'
import { clearExposure } from './exposure.ts'
import { importKeys, listRecipes } from './import.ts'
import { listPermissions } from './permissions-in-use.ts'
import { readPermissions } from './permissions-used.ts'
import { forgetPlaces, readPlaces } from './places.ts'
import { listPrefixes, setPrefixes } from './prefixes.ts'
import { previewKey } from './preview.ts'
import { getKey, getOwnKey, listKeys } from './read.ts'
import { endKeySecret, revokeKey, revokeOwnKey } from './revoke.ts'
import { rotateKey } from './rotate.ts'
import { resumeKey, suspendKey } from './suspend.ts'
import { updateKey } from './update.ts'

/** Makes the methods on keys of an open Latchkey. */
export function keyMethods(engine: Engine): LibraryKeys<ActorOptions> {
  return {
    ...listMethods(engine, listKeys),
    import: async (keys, options) => importKeys(engine, keys, checkOptions(options)),
    exportSecrets: async (input, options) => exportSecrets(engine, input, checkOptions(options)),
    listRecipes: async (options) => listRecipes(engine, checkOptions(options)),
    create: async (input, options) =>
      warned(engine, createKey(engine, input, checkOptions(options, creationNames)), input),
    derive: async (input, options) =>
      warned(engine, deriveKey(engine, input, checkOptions(options, creationNames)), input),
    listChildren: async (id, input, options) => listChildren(engine, id, input, checkOptions(options)),
    revokeChild: (id, options) => makeEnd(engine, options, (checked) => revokeChild(engine, id, checked)),
    get: async (id, options) =>
      getKey(engine, id, checkOptions(options, ['actor', 'signal', 'secretsAfter'])),
    self: async (options) => getOwnKey(engine, checkOptions(options)),
    listPrefixes: async (options) => listPrefixes(engine, checkOptions(options)),
    setPrefixes: async (input, options) => setPrefixes(engine, input, checkOptions(options)),
    listCatalogue: async (options) => listCatalogue(engine, checkOptions(options)),
    describePermissions: async (input, options) => describePermissions(engine, input, checkOptions(options)),
    listPermissions: async (input, options) => listPermissions(engine, input, checkOptions(options)),
    readPermissions: async (id, options) => readPermissions(engine, id, checkOptions(options)),
    readPlaces: async (id, options) => readPlaces(engine, id, checkOptions(options)),
    forgetPlaces: async (id, options) => forgetPlaces(engine, id, checkOptions(options)),
    preview: async (id, input, options) => previewKey(engine, id, input, checkOptions(options)),
    update: (id, input, options) =>
      makeChange(
        engine,
        options,
        (checked) => warned(engine, updateKey(engine, id, input, checked), input),
        editNames,
      ),
    bulk: (input, options) => makeChange(engine, options, (checked) => changeKeys(engine, input, checked)),
    rotate: (id, input, options) =>
      makeChange(engine, options, (checked) => rotateKey(engine, id, input, checked), rotationNames),
    endSecret: (id, kid, options) =>
      makeEnd(engine, options, (checked) => endKeySecret(engine, id, kid, checked)),
    addUnits: (id, name, input, options) =>
      makeChange(engine, options, (checked) => addKeyUnits(engine, id, name, input, checked), unitsNames),
    suspend: (id, input, options) =>
      makeChange(engine, options, (checked) => suspendKey(engine, id, input, checked), editNames),
    resume: (id, options) =>
      makeChange(engine, options, (checked) => resumeKey(engine, id, checked), editNames),
    revoke: (id, options) =>
      makeEnd(engine, options, (checked) => revokeKey(engine, id, checked), [...editNames, 'reason']),
    revokeSelf: (options) =>
      makeEnd(engine, options, (checked) => revokeOwnKey(engine, checked), [...changeNames, 'reason']),
    clearExposure: async (id, options) => clearExposure(engine, id, checkOptions(options)),
  }
}
