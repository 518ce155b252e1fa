// What the library can do with sessions: the table of its methods and the commands behind them.
import type { Caller } from '../../core/actor.ts'
import type { ActorOptions } from '../../core/call-options.ts'
import { refuseField } from '../../core/errors.ts'
import { unknownOption } from '../../core/options.ts'
import type { Session, SessionOptions, Sessions, SessionValues } from '../../core/shapes/sessions.ts'
import { checkOptions } from '../calls.ts'
import type { Engine } from '../engine.ts'
import { startMemberSession } from './member-sessions.ts'
import { authenticateSession, endSession, listSessions, refreshSession, startSession } from './sessions.ts'
import type { SessionOrigin, SignInOrigin, StartedSession } from './sign-in.ts'

/** What can be done with sessions: of browsers, for whose scripts no token is safe. */
export interface LibrarySessions extends Sessions<ActorOptions & SessionOptions> {
  /**
   * Opens a session of 12 hours, or of one without use, for the caller that shows a valid token. Throws
   * `invalid_token`, `too_many_sessions`, `token_sign_in_off`.
   */
  start(token: string, origin?: SignInOrigin): Promise<StartedSession>
  /**
   * Opens a session for a person who has proved an identity, which must stand at an active member. Of its more than 20 sessions,
   * the least recently seen ends. Throws `invalid_input`, `session_ended` for a person who is nobody's member.
   */
  startFor(
    identityId: string,
    origin?: Pick<SignInOrigin, 'ip' | 'userAgent' | 'requestId'>,
  ): Promise<StartedSession>
  /**
   * Finds the caller of a session by its two values, as the store has it now; undefined if they are not valid. Throws
   * `organization_required`, `organization_not_found` for a person.
   */
  authenticate(values: SessionValues, origin?: SessionOrigin): Promise<Caller | undefined>
  /**
   * Makes a session's sign-in fresh for ten minutes more, by a token of its key. Throws `invalid_token`,
   * `session_ended`, `too_many_sessions`.
   */
  refresh(
    token: string,
    values: SessionValues,
    origin?: Pick<SignInOrigin, 'ip' | 'requestId'>,
  ): Promise<Session>
}

const names = ['actor', 'signal', 'keyId']
const originNames = ['permission', 'rootOnly', 'ip', 'userAgent', 'requestId', 'previous']

/** Makes the methods on sessions of an open Latchkey. */
export function sessionMethods(engine: Engine): LibrarySessions {
  return {
    start: async (token, origin) => {
      // A misspelt permission would let every key sign in.
      const fault = origin && unknownOption(origin, originNames)
      if (fault) refuseField(fault.path, fault.message)
      return startSession(engine, token, origin)
    },
    startFor: async (identityId, origin) => startMemberSession(engine, identityId, origin),
    authenticate: (values, origin) => authenticateSession(engine, values, origin),
    refresh: (token, values, origin) => refreshSession(engine, token, values, origin),
    list: async (options) => listSessions(engine, checkOptions(options, names)),
    end: async (id, options) => endSession(engine, id, checkOptions(options, names)),
  }
}
