// The table of contents: every page, its address, and what its address may say.
import { createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router'
import { createElement } from 'react'
import { PageSkeleton } from './components/page.tsx'
import { RouteFailure } from './components/route-failure.tsx'
import { later } from './later.tsx'
import { Layout } from './layout.tsx'
import type { KeyPart } from './pages/keys/key.tsx'
import { NotFoundPage } from './pages/not-found.tsx'
import {
  readAuditSearch,
  readKeySearch,
  readMembersSearch,
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
const organizationUsage = createRoute({
  getParentRoute: () => root,
  path: '/organizations/$organization/usage',
  component: later(async () => (await import('./pages/organizations/usage.tsx')).OrganizationUsagePage),
})
const organizationLimits = createRoute({
  getParentRoute: () => root,
  path: '/organizations/$organization/limits',
  component: later(async () => (await import('./pages/organizations/limits.tsx')).OrganizationLimitsPage),
})
const organizationMembers = createRoute({
  getParentRoute: () => root,
  path: '/organizations/$organization/members',
  validateSearch: readMembersSearch,
  component: later(async () => (await import('./pages/members/members.tsx')).OrganizationMembersPage),
})
const organizationActivity = createRoute({
  getParentRoute: () => root,
  path: '/organizations/$organization/activity',
  component: later(async () => (await import('./pages/organizations/activity.tsx')).OrganizationActivityPage),
})
const organizationSettings = createRoute({
  getParentRoute: () => root,
  path: '/organizations/$organization/settings',
  component: later(async () => (await import('./pages/organizations/settings.tsx')).OrganizationSettingsPage),
})
const organizationPortal = createRoute({
  getParentRoute: () => root,
  path: '/organizations/$organization/customer-page',
  component: later(async () => (await import('./pages/portal/portal.tsx')).OrganizationPortalPage),
})
const newKey = createRoute({
  getParentRoute: () => root,
  path: '/organizations/$organization/new-key',
  validateSearch: readNewKeySearch,
  component: later(async () => (await import('./pages/keys/new-key.tsx')).NewKeyPage),
})
const organizationPolicy = createRoute({
  getParentRoute: () => root,
  path: '/organizations/$organization/policy',
  component: later(async () => (await import('./pages/policies/policies.tsx')).OrganizationPolicyPage),
})
const keys = createRoute({
  getParentRoute: () => root,
  path: '/keys',
  validateSearch: readKeySearch,
  component: later(async () => (await import('./pages/keys/keys.tsx')).AllKeysPage),
})
const loadKeyPage = async () => (await import('./pages/keys/key.tsx')).KeyPage
/** The page of a key that shows a part of it. */
function keyRoute<Path extends string>(path: Path, part: KeyPart) {
  return createRoute({
    getParentRoute: () => root,
    path,
    component: later(async () => {
      const KeyPage = await loadKeyPage()
      return () => createElement(KeyPage, { part })
    }),
  })
}
const activity = createRoute({
  getParentRoute: () => root,
  path: '/activity',
  validateSearch: readAuditSearch,
  component: later(async () => (await import('./pages/activity/activity.tsx')).ActivityPage),
})
const member = createRoute({
  getParentRoute: () => root,
  path: '/members/$member',
  component: later(async () => (await import('./pages/members/member.tsx')).MemberPage),
})
const webhook = createRoute({
  getParentRoute: () => root,
  path: '/webhooks/$webhook',
  validateSearch: readWebhookSearch,
  component: later(async () => (await import('./pages/webhooks/webhook.tsx')).WebhookPage),
})
const tryToken = createRoute({
  getParentRoute: () => root,
  path: '/try',
  component: later(async () => (await import('./pages/verification/try-token.tsx')).TryTokenPage),
})
const account = createRoute({
  getParentRoute: () => root,
  path: '/account',
  component: later(async () => (await import('./pages/account/account.tsx')).AccountPage),
})

const settings = createRoute({
  getParentRoute: () => root,
  path: '/settings',
  component: later(async () => (await import('./pages/settings/settings.tsx')).SettingsPage),
})
const members = createRoute({
  getParentRoute: () => root,
  path: '/settings/members',
  validateSearch: readMembersSearch,
  component: later(async () => (await import('./pages/members/members.tsx')).OwnMembersPage),
})
const webhooks = createRoute({
  getParentRoute: () => root,
  path: '/settings/webhooks',
  validateSearch: readWebhooksSearch,
  component: later(async () => (await import('./pages/webhooks/webhooks.tsx')).WebhooksPage),
})
const catalogue = createRoute({
  getParentRoute: () => root,
  path: '/settings/permissions',
  component: later(async () => (await import('./pages/catalogue/catalogue.tsx')).CataloguePage),
})
const plans = createRoute({
  getParentRoute: () => root,
  path: '/settings/plans',
  component: later(async () => (await import('./pages/plans/plans.tsx')).PlansPage),
})
const policy = createRoute({
  getParentRoute: () => root,
  path: '/settings/policy',
  component: later(async () => (await import('./pages/policies/policies.tsx')).DeploymentPolicyPage),
})
const leaks = createRoute({
  getParentRoute: () => root,
  path: '/settings/leaks',
  component: later(async () => (await import('./pages/settings/leaks.tsx')).LeaksPage),
})
const signInSettings = createRoute({
  getParentRoute: () => root,
  path: '/settings/sign-in',
  component: later(async () => (await import('./pages/settings/sign-in.tsx')).SignInSettingsPage),
})
const instance = createRoute({
  getParentRoute: () => root,
  path: '/settings/instance',
  component: later(async () => (await import('./pages/settings/instance.tsx')).InstancePage),
})

/** Where a page was that has another address now: links and bookmarks lead on, with what they say after the `?`. */
function moved<Path extends string>(
  path: Path,
  to:
    | '/settings/webhooks'
    | '/settings/permissions'
    | '/settings/plans'
    | '/settings/policy'
    | '/activity'
    | '/account'
    | '/settings/members'
    | '/',
) {
  return createRoute({
    getParentRoute: () => root,
    path,
    beforeLoad: ({ location: { search } }) => {
      throw redirect({ to, search, replace: true })
    },
  })
}

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    usage,
    organizations,
    organization,
    organizationUsage,
    organizationLimits,
    organizationMembers,
    organizationActivity,
    organizationSettings,
    organizationPortal,
    organizationPolicy,
    newKey,
    keys,
    keyRoute('/keys/$key', 'summary'),
    keyRoute('/keys/$key/usage', 'usage'),
    keyRoute('/keys/$key/limits', 'limits'),
    keyRoute('/keys/$key/permissions', 'permissions'),
    keyRoute('/keys/$key/activity', 'activity'),
    activity,
    member,
    webhook,
    tryToken,
    account,
    members,
    webhooks,
    catalogue,
    plans,
    policy,
    leaks,
    signInSettings,
    instance,
    moved('/webhooks', '/settings/webhooks'),
    moved('/permissions', '/settings/permissions'),
    moved('/plans', '/settings/plans'),
    moved('/policy', '/settings/policy'),
    moved('/audit-log', '/activity'),
    moved('/sessions', '/account'),
    moved('/members', '/settings/members'),
    // The pages of who is not signed in yet.
    moved('/sign-in', '/'),
    moved('/sign-in/$provider', '/'),
    settings,
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
