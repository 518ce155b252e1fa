// src/main.ts
import 'reflect-metadata'
import { Module } from '@nestjs/common'
import { APP_GUARD, NestFactory } from '@nestjs/core'
import { EmailsController } from './emails.controller'
import { KeyGuard } from './key.guard'

/** Every route needs a key: one without `@RequireKey` takes any valid one. */
@Module({ controllers: [EmailsController], providers: [{ provide: APP_GUARD, useClass: KeyGuard }] })
class AppModule {}

async function main() {
  const app = await NestFactory.create(AppModule)
  app.enableShutdownHooks()
  await app.listen(process.env.PORT ?? 3000)
}

void main()
