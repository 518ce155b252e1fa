"""Guards routes of FastAPI: ``pip install latchkey[fastapi]``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import FastAPI, HTTPException, Request, Response

from ._guard import AsyncTokenVerifier, BasicPart, Costs, Guard, Permissions, Refusal
from .errors import LatchkeyError
from .verdict import Verdict

__all__ = ["Refused", "install", "require_key"]

_DRAWN = "latchkey.drawn"


class Refused(HTTPException):
    """A request that is not let through."""

    def __init__(self, refusal: Refusal) -> None:
        headers = {name: text for name, text in refusal.headers.items() if name != "content-type"}
        super().__init__(refusal.status, detail="The request is not let through.", headers=headers)
        self.refusal = refusal


def install(app: FastAPI) -> None:
    """Has an app answer refusals as problems (RFC 9457). Without it, FastAPI answers them in a form of its own."""
    app.add_exception_handler(Refused, _answer)


def require_key(
    verifier: AsyncTokenVerifier,
    permissions: Permissions[Request] = (),
    *,
    prefix: str | None = None,
    cost: Costs[Request] = None,
    reserve_seconds: int | None = None,
    basic_auth: BasicPart | None = None,
    on_error: Callable[[Exception], None] | None = None,
) -> Callable[[Request, Response], Awaitable[Verdict]]:
    """Makes a dependency that lets only requests with a valid key through, and gives the verdict on it.

    :param verifier: judges the tokens: an :class:`~latchkey.AsyncVerifier` or an :class:`~latchkey.AsyncLatchkey`
    :param permissions: all of these are required: a list, or a function of the request that gives one
    :param prefix: the prefix that tokens must have, such as ``re_live``
    :param cost: how many units a request draws, or a function of the request; each limit's own default if absent. A
        request draws once: behind a guard that has drawn, one without a cost draws nothing, and one with a cost raises
    :param reserve_seconds: reserves the cost for so long: the verdict has a ``reservation``
    :param basic_auth: takes tokens of HTTP Basic too: as the ``password``; or, with ``user-name``, as either
    :param on_error: is told why a request was answered 503; it gets no token. If absent, the first such error of each
        minute is logged
    :raises ValueError: for a permission, a prefix or a number of a wrong form
    """
    guard: Guard[Request] = Guard(permissions, prefix, cost, reserve_seconds, basic_auth, on_error)

    async def admit(request: Request, response: Response) -> Verdict:
        def header(name: str) -> str | None:
            values = request.headers.getlist(name)
            return ", ".join(values) if values else None

        asking = guard.ask(
            header,
            request,
            has_drawn=bool(request.scope.get(_DRAWN)),
            ip=None if request.client is None else request.client.host,
            method=request.method,
            path=request.url.path,
        )
        if isinstance(asking, Refusal):
            raise Refused(asking)
        try:
            verdict = await verifier.verify(asking.token, **asking.question)
        except LatchkeyError as error:
            raise Refused(guard.fail(error)) from None
        outcome = guard.conclude(asking, verdict)
        if isinstance(outcome, Refusal):
            raise Refused(outcome)
        if asking.draws:
            request.scope[_DRAWN] = True
        for name, text in outcome.headers.items():
            response.headers.setdefault(name, text)
        return outcome.key

    return admit


async def _answer(request: Request, error: Exception) -> Response:
    del request
    assert isinstance(error, Refused)
    refusal = error.refusal
    return Response(refusal.body, refusal.status, refusal.headers)
