// The OpenAPI document.
import type { Route } from './route.ts'
export function openApiDocument(routes: readonly Route[]): object {
  return {
    openapi: '3.1.0',
    info: { title: 'Latchkey', version: '1' },
    paths: Object.fromEntries(routes.map((r) => [r.path, {}])),
  }
}
