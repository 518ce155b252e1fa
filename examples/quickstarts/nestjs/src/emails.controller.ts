// src/emails.controller.ts
import { Controller, Get, HttpCode, Post } from '@nestjs/common'
import type { VerifiedKey } from 'latchkey/fetch'
import { Key, RequireKey } from './key.guard'

@Controller('api/emails')
export class EmailsController {
  @Get()
  @RequireKey({ permissions: ['emails:read'] })
  list(@Key() key: VerifiedKey) {
    return { emailsOf: key.organizationId }
  }

  @Post()
  @HttpCode(202)
  @RequireKey({ permissions: ['emails:send'], cost: 10 })
  send(@Key() key: VerifiedKey) {
    return { sentBy: key.name }
  }
}
