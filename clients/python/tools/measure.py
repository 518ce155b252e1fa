"""The verifier of Python, for ``bench/clients.ts``: reads what to do from a file, and prints what it found."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from latchkey import Latchkey, Verdict, Verifier

order = json.loads(Path(sys.argv[1]).read_text())
tokens: list[str] = order["tokens"]
verifier = Verifier(order["url"], order["token"])
client = Latchkey(order["url"], order["root"])
verifier.ready()
for token in tokens:
    verifier.verify(token)


def rate_of(verify: Callable[[int], Verdict]) -> float:
    """Verifications in a second of this process's processor time, that of the thread behind included."""

    def run(seconds: float) -> float:
        started_at, before, count = time.monotonic(), time.process_time(), 0
        while time.monotonic() - started_at < seconds:
            for i in range(count, count + 1000):
                if not verify(i).valid:
                    raise SystemExit("Refused.")
            count += 1000
        return count / (time.process_time() - before)

    run(0.5)
    return run(order["seconds"])


plain = rate_of(lambda i: verifier.verify(tokens[i % len(tokens)]))
wanted = [order["permission"]]
permissions = rate_of(lambda i: verifier.verify(tokens[i % len(tokens)], wanted))
limits = rate_of(lambda i: verifier.verify(order["limited"]))

waits = []
for key in order["revoked"]:
    verifier.verify(key["token"])
    client.keys.revoke(key["id"])
    revoked_at = last = time.monotonic()
    while verifier.verify(key["token"]).valid:
        last = time.monotonic()
        time.sleep(0.001)
    waits.append((last - revoked_at) * 1000)
verifier.close()
client.close()
found = {"plain": plain, "permissions": permissions, "limits": limits, "last_accept_ms": waits}
print(json.dumps(found))
