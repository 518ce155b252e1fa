"""What is asked of a token: checked first, whatever the token."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from .. import _permissions
from .._addresses import is_address
from .._token import contains_token, is_prefix
from ..errors import refused_field
from .limits import MAX_UNITS

Cost = int | Mapping[str, int]
MAX_RESERVE_SECONDS = 86_400
LONGEST_TEXT = 256
_CONTEXT = ("ip", "user_agent", "operation")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")


class Circumstances(NamedTuple):
    """What calls have in common beside their key and their verdict: counted together."""

    permissions: tuple[str, ...] = ()
    operation: str | None = None
    ip: str | None = None
    user_agent: str | None = None

    def context(self) -> dict[str, str]:
        """The context as the wire has it."""
        told = {"operation": self.operation, "ip": self.ip, "user_agent": self.user_agent}
        return {name: text for name, text in told.items() if text is not None}


BARE = Circumstances()


class Question(NamedTuple):
    """A question that was checked."""

    circumstances: Circumstances = BARE
    organization_id: str | None = None
    prefix: str | None = None
    cost: Cost | None = None
    reserve_seconds: int | None = None
    #: False if somebody else counts the call.
    is_counted: bool = True


NOTHING_ASKED = Question()


def read_question(
    permissions: Sequence[str] | None,
    organization_id: str | None,
    prefix: str | None,
    cost: Cost | None,
    reserve_seconds: int | None,
    context: Mapping[str, str] | None,
) -> Question:
    """Checks a question. Raises ``invalid_input`` for what has a wrong form."""
    if organization_id is not None and not isinstance(organization_id, str):
        raise refused_field("organization_id", "Must be a string.")
    if prefix is not None and not is_prefix(prefix):
        raise refused_field("prefix", "Must be a token prefix, such as re or re_live.")
    if cost is not None:
        check_cost(cost)
    if reserve_seconds is not None and not (
        type(reserve_seconds) is int and 1 <= reserve_seconds <= MAX_RESERVE_SECONDS
    ):
        raise refused_field("reserve_seconds", f"Must be a whole number from 1 to {MAX_RESERVE_SECONDS}.")
    asked = () if permissions is None else _read_permissions(permissions)
    circumstances = BARE if not asked else Circumstances(asked)
    if context is not None:
        _check_context(context)
        circumstances = Circumstances(asked, context.get("operation"), context.get("ip"), context.get("user_agent"))
    return Question(circumstances, organization_id, prefix, cost, reserve_seconds)


def check_cost(cost: object) -> None:
    """Raises ``invalid_input`` for what no limit can count."""
    units = f"Must be a whole number of units, from 0 to {MAX_UNITS}."
    if isinstance(cost, Mapping):
        for name, value in cost.items():
            if not is_limit_name(name):
                raise refused_field("cost", "Must have names of limits, such as {'credits': 5}.")
            if not _is_units(value):
                raise refused_field(f"cost.{name}", units)
    elif not _is_units(cost):
        raise refused_field("cost", units)


def is_limit_name(name: object) -> bool:
    """Tells whether something has the form of a limit's name."""
    return (
        isinstance(name, str)
        and 1 <= len(name) <= 32
        and name[0] in _LETTERS
        and name[0].isalpha()
        and _LETTERS.issuperset(name)
    )


def _is_units(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_UNITS


def _read_permissions(permissions: Sequence[str]) -> tuple[str, ...]:
    # A text is a sequence of texts too: its letters would be asked for.
    if isinstance(permissions, (str, bytes)) or not isinstance(permissions, (list, tuple, set, frozenset)):
        raise refused_field("permissions", "Must be a list of permissions.")
    if len(permissions) > _permissions.MOST:
        raise refused_field("permissions", f"Must have at most {_permissions.MOST} permissions.")
    for place, permission in enumerate(permissions):
        if not isinstance(permission, str) or (permission not in _sound and not _note_sound(permission)):
            raise refused_field(f"permissions[{place}]", "Must be a permission such as emails:send.")
    return tuple(permissions)


#: Permissions that were looked at, in bounded number: programs ask for few.
_sound: set[str] = set()


def _note_sound(permission: str) -> bool:
    if not _permissions.is_permission(permission):
        return False
    if len(_sound) >= 10_000:
        _sound.clear()
    _sound.add(permission)
    return True


def _check_context(context: Mapping[str, str]) -> None:
    if not isinstance(context, Mapping):
        raise refused_field("context", "Must be a mapping, such as {'ip': ...}.")
    for name, value in context.items():
        if name not in _CONTEXT:
            raise refused_field("context", f"Unknown name. The names are {', '.join(_CONTEXT)}.")
        if name == "ip":
            if not is_address(value):
                raise refused_field("context.ip", "Must be an IPv4 or IPv6 address.")
            continue
        fault = _text_fault(value)
        if fault is None and name == "operation" and "?" in value:
            fault = "Must not contain a query."
        if fault is not None:
            raise refused_field(f"context.{name}", fault)


def _text_fault(value: object) -> str | None:
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_TEXT:
        return f"Must be a string of 1 to {LONGEST_TEXT} characters."
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in value):
        return "Must not contain control characters or broken Unicode."
    return "Must not contain a token." if contains_token(value) else None
