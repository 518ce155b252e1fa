// What every call takes beside its input, and what a change answers: the same for library, client and command line.
import { z } from 'zod'

/** The options of every call; library and client each add their own, such as the actor or a time limit. */
export interface CallOptions {
  /** Ends the call, which then throws. A change whose transaction has begun is made and answered all the same. */
  signal?: AbortSignal | undefined
}

/** The options of a change. */
export interface WaitOptions {
  /** Resolve when every process on the database acts on the change, and after 2 s at the latest. */
  wait?: 'applied' | undefined
}

/** The options of a change of what others may edit as well. */
export interface EditOptions extends WaitOptions {
  /**
   * Make the change only if this is the `revision` of what it changes, or one of these: else somebody has edited it
   * meanwhile, and the call throws `precondition_failed`. A change that is there already is no fault.
   */
  ifRevision?: string | readonly string[] | undefined
}

/** The answer of a change; after waiting, with the outcome of that. */
export type Changed<Answer, Options> = Options extends { wait: 'applied' }
  ? Answer & { applied: Applied }
  : 'wait' extends keyof Options
    ? Answer & { applied?: Applied }
    : Answer

/** The same for a change without an answer of its own. */
export type Done<Options> = Options extends { wait: 'applied' }
  ? { applied: Applied }
  : 'wait' extends keyof Options
    ? { applied: Applied } | undefined
    : undefined

/** What waiting for a change to be applied everywhere came to; see `waitUntilApplied`. */
export interface Applied extends z.infer<typeof appliedSchema> {}

const appliedExample = { confirmed: true, milliseconds: 7, silent: [] }
const appliedSchema = z
  .strictObject({
    confirmed: z.boolean().meta({ description: 'Whether every live process confirmed.' }),
    milliseconds: z.int().meta({ description: 'How long the wait took: about two seconds at most.' }),
    silent: z.array(z.string()).meta({
      description:
        'The processes (host:pid) that did not confirm; what they cached has expired. For keys outside the root organization the names are process-1 and so on.',
    }),
  })
  .meta({ id: 'Applied', examples: [appliedExample] })

/** With `?wait=applied` a change is answered when every process acts on it. */
export const waitSchema = z.strictObject({
  wait: z.literal('applied', 'Must be applied.').optional().meta({
    description: 'Answer when every live process has confirmed the change, or after 2 s.',
  }),
})

/** Of what can be edited: told with it, and taken as `ifRevision` by its changes. */
export const revision = z.string().meta({
  description:
    'Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag` has it.',
})

/** What the answer of a change may hold beside the thing that has changed. */
export const waited = {
  applied: appliedSchema.optional().meta({ description: 'The outcome of `?wait=applied`.' }),
}

/** The answer of a call that has nothing to say but that it was done. */
export const doneSchema = z
  .strictObject({ success: z.literal(true) })
  .meta({ id: 'Done', examples: [{ success: true }] })

/** The same for a change that can be waited for. */
export const changeDoneSchema = doneSchema
  .extend(waited)
  .meta({ id: 'ChangeDone', examples: [{ success: true, applied: appliedExample }] })
