// src/key.guard.ts
import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  HttpException,
  Injectable,
  type OnApplicationShutdown,
} from '@nestjs/common'
import { Reflector } from '@nestjs/core'
import { createVerifier } from 'latchkey/client'
import { admitKey, type NodeRequest, type VerifiedKey } from 'latchkey/fetch'

/** What a route asks of a key. */
export const RequireKey = Reflector.createDecorator<{ permissions?: string[]; cost?: number }>()

/** The key that a request was let through with. */
export const Key = createParamDecorator(
  (_: unknown, context: ExecutionContext): VerifiedKey => context.switchToHttp().getRequest().key,
)

const { LATCHKEY_URL: url = '', LATCHKEY_KEY: token = '' } = process.env

/** Lets through requests with a valid key that the route asks for. */
@Injectable()
export class KeyGuard implements CanActivate, OnApplicationShutdown {
  private readonly verifier = createVerifier({ url, token })
  private readonly admits = new WeakMap<object, ReturnType<typeof admitKey<NodeRequest>>>()

  constructor(private readonly reflector: Reflector) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const [request, response] = [context.switchToHttp().getRequest(), context.switchToHttp().getResponse()]
    // Fastify has the request of Node.js in `raw`; that of Express is one.
    const admission = await this.admitOf(context)(request.raw ?? request, { ip: request.ip })
    const isRefused = 'refusal' in admission
    const headers = isRefused ? admission.refusal.headers : admission.headers
    for (const [name, value] of Object.entries(headers)) response.header(name, value)
    if (isRefused) throw new HttpException(JSON.parse(admission.refusal.body), admission.refusal.status)
    request.key = admission.key
    return true
  }

  /** What judges the requests of a route: made at the first one. */
  private admitOf(context: ExecutionContext): ReturnType<typeof admitKey<NodeRequest>> {
    const route = context.getHandler()
    const admit =
      this.admits.get(route) ??
      admitKey({ verifier: this.verifier, ...this.reflector.get(RequireKey, route) })
    this.admits.set(route, admit)
    return admit
  }

  onApplicationShutdown(): Promise<void> {
    return this.verifier.close()
  }
}
