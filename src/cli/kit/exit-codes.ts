// What the process's exit code says; `latchkey --help` lists them.

export const exitCodes = { ok: 0, refused: 1, usage: 2, unreachable: 3, failed: 4 } as const
