// The calls of who runs Latchkey: is it alive, can it write, what does it do, how is it called.
import { z } from 'zod'
import { json } from '../../http/reply.ts'
import { docsStyle } from '../openapi/page-style.ts'
import { route } from '../parts.ts'

const statusSchema = z
  .strictObject({ status: z.literal('ok') })
  .meta({ id: 'Status', examples: [{ status: 'ok' }] })

export const operationRoutes = [
  route({
    method: 'GET',
    path: '/healthz',
    operationId: 'checkHealth',
    tag: 'Operation',
    summary: 'Is the process alive?',
    access: 'public',
    answers: [{ status: 200, description: 'It is.', schema: statusSchema }],
    handle: async () => json({ status: 'ok' }),
  }),
  route({
    method: 'GET',
    path: '/readyz',
    operationId: 'checkReadiness',
    tag: 'Operation',
    summary: 'Can a change be made durable now?',
    access: 'public',
    answers: [{ status: 200, description: 'It can.', schema: statusSchema }],
    problems: ['store_unavailable'],
    handle: async ({ parts }) => {
      await parts.checkReady()
      return json({ status: 'ok' })
    },
  }),
  route({
    method: 'GET',
    path: '/metrics',
    operationId: 'readMetrics',
    tag: 'Operation',
    summary: 'Metrics for Prometheus',
    access: 'public',
    answers: [{ status: 200, description: 'Metrics in the text format.', contentType: 'text/plain' }],
    handle: async ({ parts: { metrics, renderMetrics } }) => ({
      status: 200,
      headers: { 'content-type': metrics.contentType },
      body: await renderMetrics(),
    }),
  }),
  route({
    method: 'GET',
    path: '/openapi.json',
    operationId: 'readOpenApi',
    tag: 'Operation',
    summary: 'This document',
    access: 'public',
    answers: [{ status: 200, description: 'OpenAPI 3.1.', schema: z.record(z.string(), z.unknown()) }],
    handle: async ({ parts }) => ({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: parts.document(),
    }),
  }),
  route({
    method: 'GET',
    path: '/docs',
    operationId: 'readDocs',
    tag: 'Operation',
    summary: 'This document for people',
    access: 'public',
    anyQuery: true,
    answers: [{ status: 200, description: 'A page without scripts.', contentType: 'text/html' }],
    handle: async ({ parts }) => ({
      status: 200,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy':
          "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      },
      body: parts.docsPage(),
    }),
  }),
  route({
    method: 'GET',
    path: '/docs/style.css',
    operationId: 'readDocsStyle',
    tag: 'Operation',
    summary: 'The style of that page',
    access: 'public',
    answers: [{ status: 200, description: 'A style sheet.', contentType: 'text/css' }],
    handle: async () => ({
      status: 200,
      headers: { 'content-type': 'text/css; charset=utf-8' },
      body: docsStyle,
    }),
  }),
]
