// The calls of the operator: is it alive, can it write, what does it do, how is it called.
import { z } from 'zod'
import { json } from '../../http/reply.ts'
import { docsScript } from '../openapi/page-script.ts'
import { docsStyle } from '../openapi/page-style.ts'
import { judgingRoute, route } from '../parts.ts'

const statusSchema = z
  .strictObject({ status: z.literal('ok') })
  .meta({ id: 'Status', examples: [{ status: 'ok' }] })

/** Those of every process that serves. */
export const healthRoutes = [
  judgingRoute({
    method: 'GET',
    path: '/healthz',
    operationId: 'checkHealth',
    tag: 'Operation',
    summary: 'Check liveness',
    access: 'public',
    answers: [{ status: 200, description: 'The process is alive.', schema: statusSchema }],
    handle: async () => json({ status: 'ok' }),
  }),
  judgingRoute({
    method: 'GET',
    path: '/readyz',
    operationId: 'checkReadiness',
    tag: 'Operation',
    summary: 'Check readiness',
    access: 'public',
    answers: [{ status: 200, description: 'The database accepts durable writes.', schema: statusSchema }],
    problems: ['store_unavailable'],
    handle: async ({ parts }) => {
      await parts.checkReady()
      return json({ status: 'ok' })
    },
  }),
  judgingRoute({
    method: 'GET',
    path: '/metrics',
    operationId: 'readMetrics',
    tag: 'Operation',
    summary: 'Get metrics for Prometheus',
    access: 'public',
    answers: [{ status: 200, description: 'Metrics in the text format.', contentType: 'text/plain' }],
    handle: async ({ parts: { metrics, renderMetrics } }) => ({
      status: 200,
      headers: { 'content-type': metrics.contentType },
      body: await renderMetrics(),
    }),
  }),
]

export const operationRoutes = [
  ...healthRoutes,
  route({
    method: 'GET',
    path: '/openapi.json',
    operationId: 'readOpenApi',
    tag: 'Operation',
    summary: 'Get the OpenAPI document',
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
    summary: 'Get the reference page',
    access: 'public',
    anyQuery: true,
    answers: [
      { status: 200, description: 'A page that loads nothing from elsewhere.', contentType: 'text/html' },
    ],
    handle: async ({ parts }) => ({
      status: 200,
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy':
          "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
      },
      body: parts.docsPage(),
    }),
  }),
  route({
    method: 'GET',
    path: '/docs/style.css',
    operationId: 'readDocsStyle',
    tag: 'Operation',
    summary: 'Get the style of the reference page',
    access: 'public',
    answers: [{ status: 200, description: 'A style sheet.', contentType: 'text/css' }],
    handle: async () => ({
      status: 200,
      headers: { 'content-type': 'text/css; charset=utf-8' },
      body: docsStyle,
    }),
  }),
  route({
    method: 'GET',
    path: '/docs/script.js',
    operationId: 'readDocsScript',
    tag: 'Operation',
    summary: 'Get the script of the reference page',
    access: 'public',
    answers: [{ status: 200, description: 'A script.', contentType: 'text/javascript' }],
    handle: async () => ({
      status: 200,
      headers: { 'content-type': 'text/javascript; charset=utf-8' },
      body: docsScript,
    }),
  }),
]
