"""The event loop behind clients and verifiers that are not asynchronous: one thread of the process, which ends with it."""

from __future__ import annotations

import asyncio
import os
import threading
import weakref
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError
from typing import Any, TypeVar

from .errors import LatchkeyError

Result = TypeVar("Result")

_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_abandoned: list[asyncio.AbstractEventLoop] = []
_forked: weakref.WeakSet[Any] = weakref.WeakSet()


def get_loop() -> asyncio.AbstractEventLoop:
    """The loop of this process, which a thread of its own runs from the first call on."""
    global _loop
    with _lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_run, args=(_loop,), name="latchkey", daemon=True).start()
        return _loop


def run(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Runs something on that loop, and waits for it."""
    future = asyncio.run_coroutine_threadsafe(coroutine, get_loop())
    try:
        return future.result()
    except CancelledError:
        raise LatchkeyError("closed", "The client is closed.") from None
    finally:
        # A caller that was interrupted, as by Ctrl-C, waits no more.
        future.cancel()


def begin_anew_after_fork(one: Any) -> None:
    """Has ``one._begin_anew()`` called in each child of this process, before anything else there."""
    _forked.add(one)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    loop.run_forever()


def _after_fork() -> None:
    global _loop, _lock
    # Another thread may have held it when the process was copied.
    _lock = threading.Lock()
    if _loop is not None:
        # Closing it would take the parent's sockets out of what the parent watches: they share the list.
        _abandoned.append(_loop)
        _loop = None
    for one in list(_forked):
        one._begin_anew()


_register: Callable[..., None] | None = getattr(os, "register_at_fork", None)
if _register is not None:
    _register(after_in_child=_after_fork)
