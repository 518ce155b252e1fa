// The program of SQLite's threads as text, for a program whose bundler left the file behind: `build/finish.ts` puts it
// here. Run from the source, Latchkey always has the file.

export const sqliteWorkerText: string | undefined = undefined
