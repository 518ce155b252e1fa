"""Reads a stream of server-sent events (WHATWG HTML, section 9.2) in bounded memory, from any sender."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from ..errors import unexpected

#: Longer than any event of ours.
_LONGEST_EVENT = 64 * 1024
_event_end = re.compile(r"\r?\n\r?\n")
_line_end = re.compile(r"\r?\n")


class Event(NamedTuple):
    """An event of a stream; its data as JSON."""

    name: str
    data: dict[str, Any]


async def read_events(parts: AsyncIterator[bytes]) -> AsyncIterator[Event]:
    """Gives the events as they come. Raises ``unexpected_answer`` for rubbish and for an event that does not end."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    rest = ""
    async for part in parts:
        *texts, rest = _event_end.split(rest + decoder.decode(part))
        for text in texts:
            event = _parse(text)
            if event is not None:
                yield event
        if len(rest) > _LONGEST_EVENT:
            raise unexpected("An event of the stream is too long.")


def _parse(text: str) -> Event | None:
    name = data = ""
    for line in _line_end.split(text):
        field, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if field == "event":
            name = value
        elif field == "data":
            data += value
        elif field not in ("", "id", "retry"):
            raise unexpected("The stream does not come from a Latchkey server.")
    # A comment, sent to keep a connection open.
    if name == "" and data == "":
        return None
    try:
        value = json.loads(data)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise unexpected("An event of the stream is not JSON.")
    return Event(name, value)
