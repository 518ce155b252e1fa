// How webhooks leave a process: what its operator says of it.

/** Where receivers may be, and how names and they are reached. */
export interface WebhookSettings {
  /** Networks that receivers of the root organization may be in though the internet cannot reach them: `10.1.0.0/16`. */
  networks: readonly string[]
  /** Other name servers than those of the system. */
  nameServers: readonly string[]
  /** The proxy through which messages go: then it resolves names, and decides where they may lead. */
  proxy: string | undefined
}
