"""How long a key is accepted after its revocation."""

from __future__ import annotations

import time

from latchkey import LatchkeyError, Verifier

from .server import Server

#: From the acknowledged revocation to the last accept, at the most.
BOUND = 2.0


def last_accept_after(server: Server, verifier: Verifier, key: dict[str, str], seconds: float = BOUND + 0.5) -> float:
    """For how long a key is accepted after its revocation was acknowledged."""
    server.revoke(key["id"])
    acknowledged_at = last = time.monotonic()
    while time.monotonic() - acknowledged_at < seconds:
        try:
            if verifier.verify(key["key"]).valid:
                last = time.monotonic()
            elif verifier.verify_cached(key["key"]) is not None:
                break
        except LatchkeyError:
            pass
        time.sleep(0.002)
    return last - acknowledged_at


def judges(verifier: Verifier, token: str) -> bool:
    try:
        return verifier.verify(token) is not None
    except LatchkeyError:
        return False
