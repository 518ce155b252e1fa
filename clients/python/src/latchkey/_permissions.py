"""Does what is granted cover what is asked? Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_form = re.compile(r"(?:[A-Za-z0-9_./-]+|\*)(?::(?:[A-Za-z0-9_./-]+|\*))*")
_RESERVED = "latchkey:"
MOST = 128
LONGEST = 128


def is_permission(value: object) -> bool:
    """Tells whether something has the form of a permission, such as ``emails:send``."""
    return isinstance(value, str) and len(value) <= LONGEST and _form.fullmatch(value) is not None


def missing_permissions(granted: Sequence[str], asked: Iterable[str]) -> tuple[str, ...]:
    """Lists what is asked and not covered by what is granted, in the order asked."""
    patterns = [permission for permission in granted if "*" in permission]
    words = frozenset(granted)
    answers: dict[str, bool] = {}
    missing = []
    for permission in asked:
        if permission not in answers:
            answers[permission] = permission in words or any(_covers(one, permission) for one in patterns)
        if not answers[permission]:
            missing.append(permission)
    return tuple(missing)


def _covers(granted: str, asked: str) -> bool:
    """``*`` in the middle stands for one segment, at the end for one or more; it opens the reserved names to nobody."""
    if asked.startswith(_RESERVED) and not granted.startswith(_RESERVED):
        return False
    wildcard = granted.index("*")
    if wildcard == len(granted) - 1:
        return asked.startswith(granted[:wildcard])
    pattern = granted.split(":")
    segments = asked.split(":")
    is_open = pattern[-1] == "*"
    if len(segments) < len(pattern) if is_open else len(segments) != len(pattern):
        return False
    # What is asked may itself hold a `*`, which only a `*` covers; and a last one, only an open end.
    last = len(pattern) - 1 if is_open else len(pattern)
    return all(pattern[i] in ("*", segments[i]) for i in range(last))
