// app/routes.ts
import { type RouteConfig, route } from '@react-router/dev/routes'

export default [route('api/emails', 'routes/emails.ts')] satisfies RouteConfig
