"""Guards views of Django: ``pip install latchkey[django]``."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, Union, cast

from django.http import HttpRequest, HttpResponse

from ._guard import Admission, Asking, AsyncTokenVerifier, BasicPart, Costs, Guard, Permissions, Refusal, TokenVerifier
from .errors import LatchkeyError
from .verdict import Verdict

__all__ = ["key_of", "require_key"]

View = TypeVar("View", bound=Callable[..., Any])


def require_key(
    verifier: Union[TokenVerifier, AsyncTokenVerifier],
    permissions: Permissions[HttpRequest] = (),
    *,
    prefix: str | None = None,
    cost: Costs[HttpRequest] = None,
    reserve_seconds: int | None = None,
    basic_auth: BasicPart | None = None,
    on_error: Callable[[Exception], None] | None = None,
) -> Callable[[View], View]:
    """Makes a decorator of views that lets only requests with a valid key through: :func:`key_of` gives the verdict on it.

    :param verifier: judges the tokens: a :class:`~latchkey.Verifier` or a :class:`~latchkey.Latchkey`; for a view that is
        asynchronous, an :class:`~latchkey.AsyncVerifier` or an :class:`~latchkey.AsyncLatchkey`
    :param permissions: all of these are required: a list, or a function of the request that gives one
    :param prefix: the prefix that tokens must have, such as ``re_live``
    :param cost: how many units a request draws, or a function of the request; each limit's own default if absent. A
        request draws once: behind a guard that has drawn, one without a cost draws nothing, and one with a cost raises
    :param reserve_seconds: reserves the cost for so long: the verdict has a ``reservation``
    :param basic_auth: takes tokens of HTTP Basic too: as the ``password``; or, with ``user-name``, as either
    :param on_error: is told why a request was answered 503; it gets no token. If absent, the first such error of each
        minute is logged
    :raises TypeError: for a verifier that the view cannot call
    :raises ValueError: for a permission, a prefix or a number of a wrong form
    """
    guard: Guard[HttpRequest] = Guard(permissions, prefix, cost, reserve_seconds, basic_auth, on_error)
    is_async = inspect.iscoroutinefunction(verifier.verify)

    def decorate(view: View) -> View:
        if inspect.iscoroutinefunction(view) != is_async:
            raise TypeError("An asynchronous view needs an asynchronous verifier, and any other view one that is not.")

        @functools.wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            asking = _ask(guard, request)
            if isinstance(asking, Refusal):
                return _answer(asking)
            try:
                verdict = cast("TokenVerifier", verifier).verify(asking.token, **asking.question)
            except LatchkeyError as error:
                return _answer(guard.fail(error))
            outcome = _admit(guard, request, asking, verdict)
            if isinstance(outcome, Refusal):
                return _answer(outcome)
            return _add_headers(view(request, *args, **kwargs), outcome)

        @functools.wraps(view)
        async def guarded_async(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            asking = _ask(guard, request)
            if isinstance(asking, Refusal):
                return _answer(asking)
            try:
                verdict = await cast("AsyncTokenVerifier", verifier).verify(asking.token, **asking.question)
            except LatchkeyError as error:
                return _answer(guard.fail(error))
            outcome = _admit(guard, request, asking, verdict)
            if isinstance(outcome, Refusal):
                return _answer(outcome)
            return _add_headers(await view(request, *args, **kwargs), outcome)

        return cast("View", guarded_async if is_async else guarded)

    return decorate


def key_of(request: HttpRequest) -> Verdict:
    """The verdict on the key of a request. Raises RuntimeError if no guard let it through: that is a view without one."""
    key = getattr(request, "latchkey_key", None)
    if not isinstance(key, Verdict):
        raise RuntimeError("This view has no key, because no guard runs before it. Add require_key to the view.")
    return key


def _ask(guard: Guard[HttpRequest], request: HttpRequest) -> Asking | Refusal:
    return guard.ask(
        request.headers.get,
        request,
        has_drawn=bool(getattr(request, "latchkey_has_drawn", False)),
        ip=request.META.get("REMOTE_ADDR"),
        method=request.method or "",
        path=request.path,
    )


def _admit(guard: Guard[HttpRequest], request: HttpRequest, asking: Asking, verdict: Verdict) -> Admission | Refusal:
    outcome = guard.conclude(asking, verdict)
    if isinstance(outcome, Admission):
        setattr(request, "latchkey_key", outcome.key)
        if asking.draws:
            setattr(request, "latchkey_has_drawn", True)
    return outcome


def _answer(refusal: Refusal) -> HttpResponse:
    return HttpResponse(refusal.body, status=refusal.status, headers=refusal.headers)


def _add_headers(response: Any, admission: Admission) -> Any:
    for name, text in admission.headers.items():
        response.headers.setdefault(name, text)
    return response
