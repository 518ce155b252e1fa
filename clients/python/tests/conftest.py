from __future__ import annotations

from collections.abc import Iterator

import pytest

from . import settings as _  # Before anything of Django's is used.
from .server import Proxy, Server


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    one = Server()
    yield one
    one.close()


@pytest.fixture
def proxy(server: Server) -> Iterator[Proxy]:
    one = Proxy(server.port)
    yield one
    one.close()
