"""A real server of Latchkey's, and a proxy before it that can cut, hold and lose what passes."""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zlib import crc32

import httpx

REPOSITORY = Path(__file__).parents[3]
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_request_line = re.compile(rb"(?:GET|POST|PATCH|PUT|DELETE) (\S+) HTTP/1\.1\r\n")


def make_token(prefix: str = "re", kid: str | None = None) -> str:
    """Makes a well-formed token that no server knows."""
    body = (kid or _random(16)) + "0" + _random(42)
    rest, check = crc32(f"{prefix}_{body}".encode()), ""
    for _ in range(6):
        rest, digit = divmod(rest, 62)
        check = _ALPHABET[digit] + check
    return f"{prefix}_{body}{check}"


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Server:
    """A server on a database of its own, or on that of another one."""

    def __init__(self, beside: Server | None = None) -> None:
        self.root: str = make_token() if beside is None else beside.root
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder: tempfile.TemporaryDirectory[str]
        self._folder = tempfile.TemporaryDirectory() if beside is None else beside._folder
        self._is_beside = beside is not None
        env = {
            **os.environ,
            "LATCHKEY_DATABASE_URL": f"sqlite:{self._folder.name}/latchkey.db",
            "LATCHKEY_PORT": str(self.port),
            "LATCHKEY_PUBLIC_URL": self.url,
            "LATCHKEY_ROOT_KEY": self.root,
            "LATCHKEY_LOG_LEVEL": "warn",
        }
        node = os.environ.get("LATCHKEY_TEST_NODE", str(REPOSITORY / "node_modules/.bin/node"))
        main = os.environ.get("LATCHKEY_TEST_MAIN", str(REPOSITORY / "dist/cli/main.js"))
        command = [node, main, "serve"]
        self._process = subprocess.Popen(command, env=env, cwd=self._folder.name)
        self._http = httpx.Client(base_url=self.url, headers={"authorization": f"Bearer {self.root}"}, timeout=30)
        wait_until(self._answers, 20)

    def request(self, method: str, path: str, body: object = None) -> Any:
        answer = self._http.request(method, path, json=body) if body is not None else self._http.request(method, path)
        assert answer.is_success, answer.text
        return answer.json()

    def create_key(self, **fields: object) -> Any:
        body = {"name": "A key", "organization_id": "root", "permissions": ["emails:send"], **fields}
        return self.request("POST", "/v1/keys", body)

    def revoke(self, key_id: str) -> None:
        self.request("DELETE", f"/v1/keys/{key_id}")

    def verifier_token(self) -> str:
        return str(self.create_key(name="Verifier", permissions=["latchkey:keys:verify"])["key"])

    def stop(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        self._http.close()
        self.go_on()
        self._process.terminate()
        self._process.wait(20)
        if not self._is_beside:
            self._folder.cleanup()

    def _answers(self) -> bool:
        try:
            return self._http.get("/healthz").is_success
        except httpx.TransportError:
            return False


class Proxy:
    """Passes bytes on, and tells of each request that it saw."""

    def __init__(self, port: int) -> None:
        self._targets = [port]
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        #: Tells of a path whether its answers wait.
        self.holds: Callable[[str], bool] = lambda path: False
        #: Tells of a path how many seconds its answers are late.
        self.delays: Callable[[str], float] = lambda path: 0
        #: Tells of a path whether the connection is closed in place of its answer.
        self.loses: Callable[[str], bool] = lambda path: False
        self.seen: list[str] = []
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Ends all connections; new ones are taken."""
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for one in pair:
                _shut(one)

    def takes_turns_with(self, port: int) -> None:
        """Leads each new connection to another server than the one before; ends those that there are."""
        self._targets.append(port)
        self.cut()

    def close(self) -> None:
        self._socket.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
                self._targets.append(self._targets.pop(0))
                server = socket.create_connection(("127.0.0.1", self._targets[0]))
            except OSError:
                return
            self._pairs.append((client, server))
            path = [""]
            threading.Thread(target=self._pump, args=(client, server, path, True), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, path, False), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, path: list[str], is_request: bool) -> None:
        try:
            while data := source.recv(65536):
                if is_request:
                    for found in _request_line.findall(data):
                        path[0] = found.decode().split("?")[0]
                        self.seen.append(path[0])
                else:
                    time.sleep(self.delays(path[0]))
                    while self.holds(path[0]):
                        time.sleep(0.01)
                    if self.loses(path[0]):
                        break
                target.sendall(data)
        except OSError:
            pass
        finally:
            _shut(source)
            _shut(target)


def wait_until(holds: Callable[[], bool], seconds: float = 10) -> None:
    ends_at = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends_at, "That never came."
        time.sleep(0.01)


def _shut(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    one.close()
