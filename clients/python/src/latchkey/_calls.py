"""What the methods of every noun share."""

from __future__ import annotations

import enum
import re
import secrets
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, Literal, TypeVar, Union

from . import types
from ._http import Answer, header_instant
from ._loop import run
from .errors import refused_field, unexpected

Item = TypeVar("Item")
#: Beside the time that the server waits, a call has this, in seconds.
_ANSWER_TIME = 10.0
_total = re.compile(r"([0-9]{1,15})(;more)?")
_idempotency_key = re.compile(r"[ !#-\[\]-~]{1,255}")


class _Unset(enum.Enum):
    UNSET = "UNSET"

    def __repr__(self) -> str:
        return "UNSET"


#: What is not given, where None has a meaning of its own.
UNSET: Final = _Unset.UNSET
Unset = Literal[_Unset.UNSET]


@dataclass(frozen=True)
class Page(Generic[Item]):
    """A page of a list."""

    #: The items of the page.
    items: list[Item]
    #: What to give as ``after`` for the next page; None at the end.
    next: str | None
    #: How many items the whole list has, if that was asked for.
    total: int | None = None
    #: Whether there are more than ``total``, which is as far as items are counted.
    is_more: bool = False


@dataclass(frozen=True)
class UsageFigures:
    """Rows of usage, and how far they go."""

    rows: list[types.UsageRow]
    #: All that was counted before is in them, but for verifiers that have not reported.
    as_of: datetime | None
    #: What lies before it does not change any more.
    closed_until: datetime | None


class Export(Generic[Item]):
    """Rows that come one after the other, to be read once. Raises if they break off: a part never looks like the whole."""

    def __init__(self, rows: AsyncGenerator[tuple[Any, Any], None]) -> None:
        self._rows = rows
        #: What lies before this instant does not change any more; known once the first row was asked for.
        self.closed_until: datetime | None = None

    async def __aiter__(self) -> AsyncGenerator[Item, None]:
        headers, _ = await anext(self._rows)
        self.closed_until = header_instant(headers, "latchkey-closed-until")
        try:
            async for _, row in self._rows:
                yield row
        finally:
            await self._rows.aclose()


class SyncExport(Generic[Item]):
    """The same for programs without an event loop."""

    def __init__(self, export: Export[Item]) -> None:
        self._export = export

    @property
    def closed_until(self) -> datetime | None:
        """What lies before this instant does not change any more; known once the first row was asked for."""
        return self._export.closed_until

    def __iter__(self) -> Iterator[Item]:
        rows = self._export.__aiter__()
        end = object()

        async def following() -> Any:
            return await anext(rows, end)

        try:
            while (row := run(following())) is not end:
                yield row
        finally:
            run(_close(rows))


async def _close(rows: AsyncGenerator[Any, None]) -> None:
    await rows.aclose()


def given(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields of a body that were given."""
    return {name: value for name, value in fields.items() if value is not UNSET}


def comma(values: Sequence[str] | None) -> str | None:
    """A list in one field of a query."""
    return None if values is None else ",".join(values)


def condition(if_revision: Union[str, Sequence[str], None]) -> dict[str, str]:
    """The condition of an edit, as RFC 9110 writes it; the empty tag is that of nothing."""
    if if_revision is None:
        return {}
    revisions = [if_revision] if isinstance(if_revision, str) else if_revision
    return {"if-match": ", ".join(f'"{revision}"' for revision in revisions) or '""'}


def once_under(idempotency_key: str | None) -> dict[str, str]:
    """The key under which something is made once: the caller's, or a new one of 128 random bits."""
    key = secrets.token_hex(16) if idempotency_key is None else idempotency_key
    if not isinstance(key, str) or not _idempotency_key.fullmatch(key):
        message = "Must be a text of 1 to 255 characters of ASCII, without quotes and backslashes."
        raise refused_field("idempotency_key", message)
    return {"idempotency-key": f'"{key}"'}


def wait_time(timeout: float | None, wait_seconds: int | None) -> float | None:
    """How long a call may take that the server answers late on purpose."""
    return wait_seconds + _ANSWER_TIME if timeout is None and wait_seconds else timeout


def read_page(answer: Answer) -> Page[Any]:
    """Reads a page of a list."""
    items = answer.json()
    if not isinstance(items, list):
        raise unexpected("The answer is no list.", answer.status)
    total = _total.fullmatch(answer.headers.get("latchkey-total-count", ""))
    if total is None:
        return Page(items, answer.next_page)
    return Page(items, answer.next_page, int(total[1]), total[2] is not None)


def usage_figures(answer: Answer) -> UsageFigures:
    """Reads rows of usage."""
    as_of, closed_until = (header_instant(answer.headers, f"latchkey-{name}") for name in ("as-of", "closed-until"))
    return UsageFigures(answer.json(), as_of, closed_until)
