"""The programs of the guide and of the package's README, in their order: they run, and print what they show."""

from __future__ import annotations

import asyncio
import contextlib
import io
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from django.test import RequestFactory

from .server import REPOSITORY, Server

_block = re.compile(r"^```python\n(.*?)^```\n(?:```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


def run_blocks(document: Path, names: dict[str, Any]) -> None:
    for program, expected in _block.findall(document.read_text()):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            # Not with the annotations of this file: a framework reads those of its routes.
            exec(compile(program, str(document), "exec", dont_inherit=True), names)
        assert printed.getvalue() == expected


def test_the_guide_runs_and_prints_what_it_says(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATCHKEY_URL", server.url)
    monkeypatch.setenv("LATCHKEY_KEY", server.root)
    names: dict[str, Any] = {"__name__": "guide"}
    run_blocks(REPOSITORY / "docs/guides/python.md", names)
    key = server.create_key()
    headers = {"authorization": f"Bearer {key['key']}"}
    answer = names["send_email"](RequestFactory().post("/emails", headers=headers))
    assert answer.status_code == 200 and key["id"].encode() in answer.content
    names["guard_keys"].close()

    async def post() -> httpx.Response:
        app = names["app"]
        async with names["lifespan"](app), httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            return await client.post("http://app/emails", headers=headers)

    sent = asyncio.run(post())
    assert (sent.status_code, sent.json()) == (200, {"sent_by": key["id"]})


def test_the_guide_of_the_customer_page_runs(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.request("POST", "/v1/organizations", {"id": "acme", "name": "Acme"})
    permissions = [f"latchkey:{one}" for one in ("portal:write", "keys:read", "keys:write", "usage:read")]
    backend = server.create_key(permissions=[*permissions, "emails:*"])
    monkeypatch.setenv("LATCHKEY_URL", server.url)
    monkeypatch.setenv("LATCHKEY_KEY", backend["key"])
    names: dict[str, Any] = {"__name__": "customer_page"}
    run_blocks(REPOSITORY / "docs/guides/customer-page.md", names)
    origin = {"origin": "https://app.example.com"}

    async def ask() -> None:
        transport = httpx.ASGITransport(names["app"])
        async with names["latchkey"], httpx.AsyncClient(transport=transport, base_url="http://app") as client:
            assert (await client.post("/latchkey-token", headers=origin)).status_code == 401
            client.cookies.set("session", "ada")
            assert (await client.post("/latchkey-token", headers={"origin": "https://evil.example"})).status_code == 403
            given = (await client.post("/latchkey-token", headers=origin)).json()
            assert sorted(given) == ["expires_at", "token"]
            self_path = f"{server.url}/v1/portal/self"
            page = {**origin, "authorization": f"Bearer {given['token']}"}
            told = httpx.get(self_path, headers=page).json()
            assert (told["organization"]["id"], told["user"]["id"]) == ("acme", "u_81")
            led = await client.post("/manage-keys", headers=origin)
            assert led.status_code == 303
            assert led.headers["location"].startswith(f"{server.url}/portal#")

    asyncio.run(ask())
    asked = RequestFactory().post("/manage-keys")
    asked.user = SimpleNamespace(pk=82, company_id="acme", is_authenticated=True, get_username=lambda: "bob")
    with names["backend"] as client:
        redirected = names["manage_keys"](asked)
        assert redirected["location"].startswith(f"{server.url}/portal#")
        newest = client.portal_sessions.list(organization_id="acme", limit=1).items[0]
        assert newest["user"] == {"id": "82", "name": "bob"}


def test_the_readme_runs(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATCHKEY_URL", server.url)
    monkeypatch.setenv("LATCHKEY_KEY", server.verifier_token())
    run_blocks(REPOSITORY / "clients/python/README.md", {"presented": server.create_key()["key"]})
