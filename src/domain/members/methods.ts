// What the library can do with members: the table of its methods.
import type { ActorOptions } from '../../core/call-options.ts'
import type { Members } from '../../core/shapes/members.ts'
import { checkOptions, editNames, listMethods, makeChange } from '../calls.ts'
import type { CommandOptions, Engine } from '../engine.ts'
import { resetMember } from '../invitations/reset.ts'
import { resumeMember, suspendMember, updateMember } from './change.ts'
import { removeOwnIdentity, updateOwnIdentity } from './identities.ts'
import { eraseMember, removeMember } from './leave.ts'
import { getMember, getOwnMember, listMembers } from './read.ts'

const removalNames = [...editNames, 'managementKeys']

/** Makes the methods on members of an open Latchkey. */
export function memberMethods(engine: Engine): Members<ActorOptions> {
  return {
    ...listMethods(engine, listMembers),
    get: async (id, options) => getMember(engine, id, checkOptions(options)),
    self: async (options) => getOwnMember(engine, checkOptions(options)),
    update: (id, input, options) =>
      makeChange(engine, options, (checked) => updateMember(engine, id, input, checked), editNames),
    suspend: (id, input, options) =>
      makeChange(engine, options, (checked) => suspendMember(engine, id, input, checked), editNames),
    resume: (id, options) =>
      makeChange(engine, options, (checked) => resumeMember(engine, id, checked), editNames),
    reset: async (id, input, options) => resetMember(engine, id, input, checkOptions(options)),
    remove: (id, options) => {
      const remove = (checked: CommandOptions) =>
        removeMember(engine, id, { ...checked, managementKeys: options?.managementKeys })
      return makeChange(engine, options, remove, removalNames)
    },
    erase: async (id, options) => eraseMember(engine, id, checkOptions(options)),
    updateOwnIdentity: async (id, input, options) =>
      updateOwnIdentity(engine, id, input, checkOptions(options)),
    removeOwnIdentity: async (id, options) => removeOwnIdentity(engine, id, checkOptions(options)),
  }
}
