// app/api/me/route.ts
export const GET = (request: Request) =>
  Response.json({ organization: request.headers.get('x-organization-id') })
