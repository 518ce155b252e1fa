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
import { type VerifiedKey, withKey } from 'latchkey/fetch'

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

  constructor(private readonly reflector: Reflector) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const [request, response] = [context.switchToHttp().getRequest(), context.switchToHttp().getResponse()]
    const asked = this.reflector.get(RequireKey, context.getHandler())
    const admit = withKey({ verifier: this.verifier, ...asked }, (_request: Request, key) => {
      request.key = key
      return new Response()
    })
    const { method, headers } = request
    const answer = await admit(new Request(new URL(request.url, 'http://app'), { method, headers }))
    for (const [name, value] of answer.headers) response.header(name, value)
    if (request.key === undefined) throw new HttpException(await answer.json(), answer.status)
    return true
  }

  onApplicationShutdown(): Promise<void> {
    return this.verifier.close()
  }
}
