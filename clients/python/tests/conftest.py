from __future__ import annotations

from collections.abc import Iterator

import pytest

from latchkey import Verifier

from .server import Proxy, Server
from .settings import configure

configure()


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


@pytest.fixture
def verifier(server: Server, proxy: Proxy) -> Iterator[Verifier]:
    with Verifier(proxy.url, server.verifier_token()) as one:
        one.ready()
        yield one
