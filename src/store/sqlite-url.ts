// Where an SQLite database is: `sqlite:latchkey.db` in this folder, `sqlite:/srv/latchkey.db` or `sqlite:///srv/latchkey.db`.

/** The path in `sqlite:<file>`; undefined for another URL. */
export function sqlitePath(url: string): string | undefined {
  return /^sqlite:(?:\/\/(?=\/))?(.+)$/.exec(url)?.[1]
}
