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
  .strictObject({ id: organizationIdSchema, name: nameSchema, createdAt: instant })
  .meta({
    id: 'Organization',
    examples: [{ id: 'acme', name: 'Acme', createdAt: new Date('2026-01-31T12:00:00Z') }],
  })

export type Organization = z.infer<typeof organizationSchema>
export type CreateOrganizationInput = z.input<typeof createOrganizationSchema>
export type UpdateOrganizationInput = z.input<typeof updateOrganizationSchema>
export type ListOrganizationsInput = z.input<typeof listOrganizationsSchema>

/** What can be done with organizations. */
export interface Organizations<Options extends CallOptions = CallOptions>
  extends List<ListOrganizationsInput, Organization, Options> {
  create(input: CreateOrganizationInput, options?: Options): Promise<Organization>
  get(id: string, options?: Options): Promise<Organization>
  update(id: string, input: UpdateOrganizationInput, options?: Options): Promise<Organization>
}
