// Organizations: what is given, what is told, and what can be done with them.
import { z } from 'zod'
import { instant, organizationIdSchema, text } from '../fields.ts'
import type { CallOptions } from './calls.ts'
import { type List, nameSchema, pageFields } from './page.ts'

export const createOrganizationSchema = z
  .strictObject({
    id: organizationIdSchema.optional().meta({
      description: 'If absent: a new UUID. Choose a UUID if programs of the organization take no other ids.',
    }),
    name: nameSchema,
  })
  .meta({ id: 'CreateOrganization', examples: [{ id: 'acme', name: 'Acme' }] })

export const updateOrganizationSchema = z
  .strictObject({ name: nameSchema })
  .meta({ id: 'UpdateOrganization', examples: [{ name: 'Acme, Inc.' }] })

export const listOrganizationsSchema = z.strictObject({
  q: text(256)
    .optional()
    .meta({ description: 'Only organizations whose name or id contains this text, case-insensitive.' }),
  ...pageFields,
})

export const organizationSchema = z
  .strictObject({
    id: organizationIdSchema.meta({ description: 'The id, as it was chosen or made; it never changes.' }),
    name: nameSchema,
    createdAt: instant.meta({ description: 'When it was created.' }),
  })
  .meta({
    id: 'Organization',
    examples: [{ id: 'acme', name: 'Acme', createdAt: new Date('2026-01-31T12:00:00Z') }],
  })

/** A customer of the operator, which owns keys. */
export interface Organization extends z.infer<typeof organizationSchema> {}
/** An organization to make: its name, and an id of the operator's own; a new UUID if absent. */
export interface CreateOrganizationInput extends z.input<typeof createOrganizationSchema> {}
/** What to change of an organization. */
export interface UpdateOrganizationInput extends z.input<typeof updateOrganizationSchema> {}
/** Which organizations are listed, newest first. */
export interface ListOrganizationsInput extends z.input<typeof listOrganizationsSchema> {}

/** What can be done with organizations. */
export interface Organizations<Options extends CallOptions = CallOptions>
  extends List<ListOrganizationsInput, Organization, Options> {
  /** Creates an organization. Throws `invalid_input`, `organization_exists`, `root_organization_required`. */
  create(input: CreateOrganizationInput, options?: Options): Promise<Organization>
  /** Reads an organization. Throws `organization_not_found`. */
  get(id: string, options?: Options): Promise<Organization>
  /** Renames an organization. Throws `invalid_input`, `organization_not_found`. */
  update(id: string, input: UpdateOrganizationInput, options?: Options): Promise<Organization>
}
