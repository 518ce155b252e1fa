// server/plugins/latchkey.ts
export default defineNitroPlugin((nitro) => {
  nitro.hooks.hook('close', () => verifier.close())
})
