// The quickstarts of examples/quickstarts: how each is installed, built, started and asked. `npm run test:quickstarts` runs
// them; docs/guides/quickstarts/README.md lists them.

/** A request of the app: what a client of it sends. */
export interface AppRequest {
  method: string
  path: string
  body?: string
}

/** An app of examples/quickstarts. */
export interface Quickstart {
  /** Its folder, and the name by which `--only` finds it. */
  name: string
  /** As people call it. */
  title: string
  /** Its page in docs/guides/quickstarts. */
  page: string
  /** The package by whose version people know it. */
  package: string
  /** The version of that package, and of those beside it, that the lock does not have and that are run too. */
  otherVersions?: readonly Readonly<Record<string, string>>[]
  /** What judges its keys. */
  verifier: 'createVerifier' | 'createClient'
  /** A script of its package.json, or none if there is nothing to build. */
  build?: string
  /** What starts it, in its folder. */
  start: readonly string[]
  /** What it answers with the organization, to a key that holds `emails:read`. */
  read?: AppRequest
  /** What costs ten units and takes `emails:send`. */
  send?: AppRequest
  /** Its framework ends without waiting for anybody, so that what its last ten seconds counted is lost. */
  losesLastUses?: true
  /** A path that its middleware guards without a permission. */
  guardedByMiddleware?: string
  /** The development server that loads code again, and the file of it that is changed: what it says of the organization is in it. */
  reloads?: { command: readonly string[]; file: string }
}

const byNode = ['node', 'app.ts']

export const quickstarts: readonly Quickstart[] = [
  {
    name: 'next16',
    title: 'Next.js 16',
    page: 'next',
    package: 'next',
    verifier: 'createVerifier',
    build: 'build',
    start: ['node', 'node_modules/next/dist/bin/next', 'start'],
    losesLastUses: true,
    guardedByMiddleware: '/api/me',
    reloads: { command: ['npm', 'run', 'dev'], file: 'app/api/emails/route.ts' },
  },
  {
    name: 'next15',
    title: 'Next.js 15',
    page: 'next',
    package: 'next',
    verifier: 'createVerifier',
    build: 'build',
    start: ['node', 'node_modules/next/dist/bin/next', 'start'],
    losesLastUses: true,
    guardedByMiddleware: '/api/me',
    reloads: { command: ['npm', 'run', 'dev'], file: 'app/api/emails/route.ts' },
  },
  {
    name: 'express',
    title: 'Express',
    page: 'express',
    package: 'express',
    otherVersions: [{ express: '4.22.3' }],
    verifier: 'createVerifier',
    start: byNode,
  },
  {
    name: 'fastify',
    title: 'Fastify',
    page: 'fastify',
    package: 'fastify',
    otherVersions: [{ fastify: '4.29.1' }],
    verifier: 'createVerifier',
    start: byNode,
  },
  {
    name: 'nestjs',
    title: 'NestJS',
    page: 'nestjs',
    package: '@nestjs/core',
    otherVersions: ['10.4.22', '12.5.1'].map((version) => ({
      '@nestjs/core': version,
      '@nestjs/common': version,
      '@nestjs/platform-express': version,
    })),
    verifier: 'createVerifier',
    build: 'build',
    start: ['node', 'dist/main.js'],
  },
  {
    name: 'bun',
    title: 'Bun, with Hono',
    page: 'bun',
    package: 'bun',
    verifier: 'createVerifier',
    start: ['npx', 'bun', 'app.ts'],
  },
  {
    name: 'deno',
    title: 'Deno, with Hono',
    page: 'deno',
    package: 'deno',
    verifier: 'createVerifier',
    start: ['npx', 'deno', 'run', '--allow-env', '--allow-net', 'app.ts'],
  },
  {
    name: 'workers',
    title: 'Cloudflare Workers, with Hono',
    page: 'workers',
    package: 'wrangler',
    verifier: 'createClient',
    start: [
      'sh',
      '-c',
      'exec npx wrangler dev --port "$PORT" --var "LATCHKEY_URL:$LATCHKEY_URL" --var "LATCHKEY_KEY:$LATCHKEY_KEY"',
    ],
  },
  {
    name: 'sveltekit',
    title: 'SvelteKit',
    page: 'sveltekit',
    package: '@sveltejs/kit',
    verifier: 'createVerifier',
    build: 'build',
    start: ['node', 'build'],
    reloads: {
      command: ['sh', '-c', 'exec npx vite dev --host 127.0.0.1 --port "$PORT"'],
      file: 'src/routes/api/emails/+server.ts',
    },
  },
  {
    name: 'react-router',
    title: 'React Router',
    page: 'react-router',
    package: 'react-router',
    verifier: 'createVerifier',
    build: 'build',
    start: ['node', 'node_modules/@react-router/serve/bin.cjs', 'build/server/index.js'],
    reloads: {
      command: ['sh', '-c', 'exec npx react-router dev --host 127.0.0.1 --port "$PORT"'],
      file: 'app/routes/emails.ts',
    },
  },
  {
    name: 'nuxt',
    title: 'Nuxt',
    page: 'nuxt',
    package: 'nuxt',
    verifier: 'createVerifier',
    build: 'build',
    start: ['node', '.output/server/index.mjs'],
    reloads: { command: ['npx', 'nuxt', 'dev', '--host', '127.0.0.1'], file: 'server/api/emails.get.ts' },
  },
  {
    name: 'koa',
    title: 'Koa',
    page: 'koa',
    package: 'koa',
    verifier: 'createVerifier',
    start: byNode,
  },
  {
    name: 'trpc',
    title: 'tRPC',
    page: 'trpc',
    package: '@trpc/server',
    verifier: 'createVerifier',
    start: byNode,
    read: { method: 'GET', path: '/emails.list' },
    send: { method: 'POST', path: '/emails.send', body: '{}' },
  },
  {
    name: 'elysia',
    title: 'Elysia, on Bun',
    page: 'elysia',
    package: 'elysia',
    verifier: 'createVerifier',
    start: ['npx', 'bun', 'app.ts'],
  },
]
