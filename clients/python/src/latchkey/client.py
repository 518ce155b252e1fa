"""Clients of a server, which call it with one key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType

from . import _async_client as nouns
from . import _loop
from . import _sync_client as sync_nouns
from ._http import DEFAULT_TIMEOUT, Requester
from ._verifier.question import Cost, read_question
from .verdict import Verdict, read_verdict

__all__ = ["AsyncLatchkey", "Latchkey"]


class AsyncLatchkey(nouns.AsyncCalls):
    """A client of one server, for programs with an event loop. Every failed call raises :class:`LatchkeyError`.

    If the server is busy (429, 503) or cannot be reached, the client sends a call again up to three times if that is safe:
    every read, what goes under an Idempotency-Key, which creations do, and what changes nothing the second time.
    """

    def __init__(self, url: str, token: str, *, timeout: float = DEFAULT_TIMEOUT) -> None:
        """Makes a client, without a request.

        :param url: the server's address, such as ``https://keys.example.com``; a path before ``/v1`` may follow
        :param token: the token of the calling key; it is sent in the ``Authorization`` header only
        :param timeout: how long a call may take in all, in seconds
        :raises ValueError: for an address that is not http or https, and for a malformed token
        """
        requester = Requester(url, token, timeout)
        super().__init__(requester)
        self.keys = nouns.AsyncKeys(requester)
        self.organizations = nouns.AsyncOrganizations(requester)
        self.plans = nouns.AsyncPlans(requester)
        self.policies = nouns.AsyncPolicies(requester)
        self.members = nouns.AsyncMembers(requester)
        self.invitations = nouns.AsyncInvitations(requester)
        self.portal_sessions = nouns.AsyncPortalSessions(requester)
        self.webhooks = nouns.AsyncWebhooks(requester)
        self.audit = nouns.AsyncAudit(requester)
        self.events = nouns.AsyncEvents(requester)
        self.usage = nouns.AsyncUsage(requester)
        self.leaks = nouns.AsyncLeaks(requester)
        self.sessions = nouns.AsyncSessions(requester)
        self.oauth = nouns.AsyncOauth(requester)
        self.verifiers = nouns.AsyncVerifiers(requester)
        self.operation = nouns.AsyncOperation(requester)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._requester.url!r})"

    async def verify(
        self,
        token: str,
        permissions: Sequence[str] | None = None,
        *,
        prefix: str | None = None,
        cost: Cost | None = None,
        reserve_seconds: int | None = None,
        context: Mapping[str, str] | None = None,
        timeout: float | None = None,
        asker: str = "",
    ) -> Verdict:
        """Verifies a token by the server, once. A refusal is an answer. ``asker`` is for verifiers, and means nothing here.

        Without a ``cost``, it may be sent again.
        """
        asked = read_question(permissions, None, prefix, cost, reserve_seconds, context)
        body = {
            "key": token,
            "permissions": list(asked.circumstances.permissions) or None,
            "prefix": prefix,
            "cost": cost,
            "reserve_seconds": reserve_seconds,
            "context": asked.circumstances.context() or None,
        }
        answer = await self._requester.send(
            "POST",
            "/v1/keys/verify",
            body={name: value for name, value in body.items() if value is not None},
            # What names a cost would be drawn twice.
            repeatable=cost is None and reserve_seconds is None,
            timeout=timeout,
        )
        return read_verdict(answer.json())

    async def close(self) -> None:
        """Closes the connections. A later call opens new ones."""
        await self._requester.close()

    async def __aenter__(self) -> AsyncLatchkey:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()


class Latchkey(sync_nouns.Calls):
    """A client of one server, for programs with threads, which may share it. Every failed call raises :class:`LatchkeyError`.

    It sends calls again as :class:`AsyncLatchkey` does. Its requests are made by one thread of the process, so that each has
    its time in all, and a child of a process that forked begins anew.
    """

    _inner: AsyncLatchkey

    def __init__(self, url: str, token: str, *, timeout: float = DEFAULT_TIMEOUT) -> None:
        one = AsyncLatchkey(url, token, timeout=timeout)
        super().__init__(one)
        self.keys = sync_nouns.Keys(one.keys)
        self.organizations = sync_nouns.Organizations(one.organizations)
        self.plans = sync_nouns.Plans(one.plans)
        self.policies = sync_nouns.Policies(one.policies)
        self.members = sync_nouns.Members(one.members)
        self.invitations = sync_nouns.Invitations(one.invitations)
        self.portal_sessions = sync_nouns.PortalSessions(one.portal_sessions)
        self.webhooks = sync_nouns.Webhooks(one.webhooks)
        self.audit = sync_nouns.Audit(one.audit)
        self.events = sync_nouns.Events(one.events)
        self.usage = sync_nouns.Usage(one.usage)
        self.leaks = sync_nouns.Leaks(one.leaks)
        self.sessions = sync_nouns.Sessions(one.sessions)
        self.oauth = sync_nouns.Oauth(one.oauth)
        self.verifiers = sync_nouns.Verifiers(one.verifiers)
        self.operation = sync_nouns.Operation(one.operation)
        _loop.begin_anew_after_fork(self)

    __init__.__doc__ = AsyncLatchkey.__init__.__doc__

    def __repr__(self) -> str:
        return f"Latchkey({self._inner._requester.url!r})"

    def verify(
        self,
        token: str,
        permissions: Sequence[str] | None = None,
        *,
        prefix: str | None = None,
        cost: Cost | None = None,
        reserve_seconds: int | None = None,
        context: Mapping[str, str] | None = None,
        timeout: float | None = None,
        asker: str = "",
    ) -> Verdict:
        return _loop.run(
            self._inner.verify(
                token,
                permissions,
                prefix=prefix,
                cost=cost,
                reserve_seconds=reserve_seconds,
                context=context,
                timeout=timeout,
                asker=asker,
            )
        )

    verify.__doc__ = AsyncLatchkey.verify.__doc__

    def close(self) -> None:
        """Closes the connections. A later call opens new ones."""
        _loop.run(self._inner.close())

    def __enter__(self) -> Latchkey:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _begin_anew(self) -> None:
        self._inner._requester.abandon()
