// `latchkey events`: what happens, in the order of the log.
import { Option } from 'commander'
import { followEvents } from '../../core/follow-events.ts'
import type { LogEvent } from '../../core/shapes/events.ts'
import { toWire } from '../../core/wire.ts'
import { serverOrDatabase } from '../kit/connection.ts'
import { type DefinedCommand, defineCommand } from '../kit/define-command.ts'
import { printNote, printSurely } from '../kit/output.ts'

export const eventCommands: DefinedCommand[] = [
  defineCommand({
    path: 'events',
    summary: 'read events in the order of the log, and follow it',
    on: serverOrDatabase,
    shape: async () =>
      (await import('../../core/shapes/events.ts')).readEventsSchema.omit({ waitSeconds: true }),
    texts: {
      organizationId: 'only events of this organization',
      types: 'only these actions, such as key.created, or groups, such as key.* (repeatable)',
      limit: 'maximum number of events in one answer (default: 100)',
    },
    options: [
      new Option('--after <cursor>', 'from behind this event on: its cursor, or its number'),
      new Option('--follow', 'wait for further events, without end'),
    ],
    examples: ['latchkey events --organization acme', 'latchkey events --follow --types "key.*" --json'],
    notes: 'With --json, each event is a line.',
    run: async ({ events }, { input, options: { after, follow, json } }) => {
      const asked = { ...input, ...(typeof after === 'string' && { after }) }
      const write = (event: LogEvent) =>
        printSurely(json === true ? JSON.stringify(toWire(event)) : lineOf(event))
      if (follow === true)
        for await (const event of followEvents((page) => events.read(page), asked)) await write(event)
      const page = await events.read(asked)
      for (const event of page.events) await write(event)
      if (json !== true) printNote(`Go on with --after ${page.cursor}`)
      return undefined
    },
  }),
]

function lineOf({ sequence, at, action, organizationId, keyId, actor, actorType }: LogEvent): string {
  const subject = keyId === null ? organizationId : `${organizationId} ${keyId}`
  return `${sequence}  ${at.toISOString()}  ${action}  ${subject}  by ${actor ?? actorType}`
}
