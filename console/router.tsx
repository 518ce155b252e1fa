// The table of contents: every page, its address, and what its address may say.
import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { PageSkeleton } from './components/page.tsx'
import { RouteFailure } from './components/route-failure.tsx'
import { later } from './later.tsx'
import { Layout } from './layout.tsx'
import { NotFoundPage } from './pages/not-found.tsx'
import {
  readAuditSearch,
  readKeySearch,
  readNewKeySearch,
  readOrganizationSearch,
  readOverviewSearch,
  readUsageSearch,
  readWebhookSearch,
  readWebhooksSearch,
} from './searches.ts'

const root = createRootRoute({ component: Layout, notFoundComponent: NotFoundPage })

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  validateSearch: readOverviewSearch,
  component: later(async () => (await import('./pages/overview/overview.tsx')).OverviewPage),
})
const usage = createRoute({
  getParentRoute: () => root,
  path: '/usage',
  validateSearch: readUsageSearch,
  component: later(async () => (await import('./pages/usage/usage.tsx')).UsagePage),
})
const organizations = createRoute({
  getParentRoute: () => root,
  path: '/organizations',
  validateSearch: readOrganizationSearch,
  component: later(async () => (await import('./pages/organizations/organizations.tsx')).OrganizationsPage),
})
const organization = createRoute({
  getParentRoute: () => root,
  path: '/organizations/$organization',
  validateSearch: readKeySearch,
  component: later(async () => (await import('./pages/keys/keys.tsx')).OrganizationKeysPage),
})
const newKey = createRoute({
  getParentRoute: () => root,
  path: '/organizations/$organization/new-key',
  validateSearch: readNewKeySearch,
  component: later(async () => (await import('./pages/keys/new-key.tsx')).NewKeyPage),
})
const keys = createRoute({
  getParentRoute: () => root,
  path: '/keys',
  validateSearch: readKeySearch,
  component: later(async () => (await import('./pages/keys/keys.tsx')).AllKeysPage),
})
const key = createRoute({
  getParentRoute: () => root,
  path: '/keys/$key',
  component: later(async () => (await import('./pages/keys/key.tsx')).KeyPage),
})
const plans = createRoute({
  getParentRoute: () => root,
  path: '/plans',
  component: later(async () => (await import('./pages/plans/plans.tsx')).PlansPage),
})
const catalogue = createRoute({
  getParentRoute: () => root,
  path: '/permissions',
  component: later(async () => (await import('./pages/catalogue/catalogue.tsx')).CataloguePage),
})
const policy = createRoute({
  getParentRoute: () => root,
  path: '/policy',
  component: later(async () => (await import('./pages/policies/policies.tsx')).DeploymentPolicyPage),
})
const organizationPolicy = createRoute({
  getParentRoute: () => root,
  path: '/organizations/$organization/policy',
  component: later(async () => (await import('./pages/policies/policies.tsx')).OrganizationPolicyPage),
})
const webhooks = createRoute({
  getParentRoute: () => root,
  path: '/webhooks',
  validateSearch: readWebhooksSearch,
  component: later(async () => (await import('./pages/webhooks/webhooks.tsx')).WebhooksPage),
})
const webhook = createRoute({
  getParentRoute: () => root,
  path: '/webhooks/$webhook',
  validateSearch: readWebhookSearch,
  component: later(async () => (await import('./pages/webhooks/webhook.tsx')).WebhookPage),
})
const auditLog = createRoute({
  getParentRoute: () => root,
  path: '/audit-log',
  validateSearch: readAuditSearch,
  component: later(async () => (await import('./pages/audit/audit-log.tsx')).AuditLogPage),
})
const tryToken = createRoute({
  getParentRoute: () => root,
  path: '/try',
  component: later(async () => (await import('./pages/verification/try-token.tsx')).TryTokenPage),
})
const sessions = createRoute({
  getParentRoute: () => root,
  path: '/sessions',
  component: later(async () => (await import('./pages/sessions/sessions.tsx')).SessionsPage),
})

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    usage,
    organizations,
    organization,
    newKey,
    keys,
    key,
    plans,
    catalogue,
    policy,
    organizationPolicy,
    webhooks,
    webhook,
    auditLog,
    tryToken,
    sessions,
  ]),
  defaultPreload: 'intent',
  defaultPendingComponent: PageSkeleton,
  defaultErrorComponent: RouteFailure,
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
