"""What goes over the wire: JSON, in which instants are RFC 3339."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

from .errors import LatchkeyError, refused_field

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_instant_name = re.compile(r"(?:anchor|as_of|at|since|start|.+_(?:at|before|since|until))")
#: What holds names that are not fields: of the operator's data, of fields of any noun, of limits, and codes.
_OPAQUE = frozenset(("metadata", "changes", "cost", "refused"))


def read_instant(text: str) -> datetime:
    """Reads an instant. Raises ValueError for anything else."""
    instant = datetime.fromisoformat(text[:-1] + "+00:00" if text.endswith("Z") else text)
    if instant.tzinfo is None:
        raise ValueError("An instant has no zone.")
    return instant


def write_instant(instant: datetime) -> str:
    """Writes an instant. Raises ``invalid_input`` for one without a zone: nobody knows which instant that is."""
    if instant.tzinfo is None:
        raise refused_field("", "An instant must have a time zone, such as datetime.timezone.utc.")
    utc = instant.astimezone(timezone.utc)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z".rjust(24, "0")


def to_milliseconds(instant: datetime) -> int:
    """Milliseconds since 1970."""
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def from_milliseconds(milliseconds: float) -> datetime:
    """The instant so many milliseconds after the beginning of 1970."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


def write_body(value: object) -> bytes:
    """Writes a body as JSON. Raises ``invalid_input`` for what JSON cannot hold, such as NaN."""
    try:
        text = json.dumps(_encode(value), allow_nan=False, separators=(",", ":"), ensure_ascii=False)
        return text.encode()
    except (TypeError, ValueError, RecursionError):
        raise LatchkeyError("invalid_input", "The input is not JSON: check the types of its values.") from None


def read_body(text: str | bytes) -> Any:
    """Reads an answer; what is named as an instant becomes a datetime. Raises ValueError for anything else."""
    return _decode(json.loads(text))


def write_query_value(value: object) -> str:
    """Writes a value as a query has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return write_instant(value) if isinstance(value, datetime) else str(value)


def freeze(value: Any) -> Any:
    """Makes a read-only copy of JSON: many callers get the same one."""
    if isinstance(value, Mapping):
        return MappingProxyType({name: freeze(inner) for name, inner in value.items()})
    return tuple(freeze(inner) for inner in value) if isinstance(value, list) else value


def thaw(value: Any) -> Any:
    """Makes plain JSON of a read-only copy."""
    if isinstance(value, Mapping):
        return {name: thaw(inner) for name, inner in value.items()}
    return [thaw(inner) for inner in value] if isinstance(value, tuple) else value


def _encode(value: object) -> object:
    if isinstance(value, datetime):
        return write_instant(value)
    if isinstance(value, Mapping):
        return {name: _encode(inner) for name, inner in value.items()}
    return [_encode(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return {name: _decode_field(name, inner) for name, inner in value.items()}


def _decode_field(name: str, value: Any) -> Any:
    if name in _OPAQUE:
        return value
    if isinstance(value, str):
        return read_instant(value) if _instant_name.fullmatch(name) else value
    return _decode(value)
