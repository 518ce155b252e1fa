"""The form of a token: ``<prefix>_<kid><secret><check>``. Pure: no clock, no state."""

from __future__ import annotations

import re
from typing import NamedTuple
from zlib import crc32

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BODY_LENGTH = 65
KID_LENGTH = 16
_CHECK_LENGTH = 6
LONGEST_PREFIX = 24
_SCHEME = "secret-token:"
_LEAST_FOREIGN = 16
_MOST_FOREIGN = 512
#: No token of any system is longer as it is presented.
LONGEST_PRESENTED = len(_SCHEME) + _MOST_FOREIGN

_prefix = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")
_own_form = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*_[0-9A-Za-z]{65}")
_visible = re.compile(r"[!-~]+")
_foreign_kid = re.compile(r"-[0-9A-Za-z]{15}")
# Its kid and 12 characters of its secret: ids that other systems make are shorter, or have letters of one case.
_token_part = re.compile(r"[a-z0-9]_[0-9A-Za-z]{28,}")
_secret_part = re.compile(r"([a-z0-9]_[0-9A-Za-z]{16})[0-9A-Za-z]+")


class Presented(NamedTuple):
    """A token as somebody presents it: one of Latchkey's, or one that may be of another system."""

    #: None for another system's token, which does not show it.
    kid: str | None
    #: The token without a ``secret-token:`` before it (RFC 8959).
    token: str


def without_scheme(text: str) -> str:
    """Takes away the ``secret-token:`` before a token (RFC 8959)."""
    return text[len(_SCHEME) :] if text.startswith(_SCHEME) else text


def is_prefix(text: object) -> bool:
    """Tells whether something may stand before the ``_`` of a token."""
    return isinstance(text, str) and len(text) <= LONGEST_PREFIX and _prefix.fullmatch(text) is not None


def is_own_form(token: str) -> bool:
    """Tells whether a text has the shape of a token of Latchkey, be its check right or wrong."""
    # Cheap refusals first: a megabyte of rubbish costs no more than its length check.
    return len(token) <= LONGEST_PREFIX + 1 + BODY_LENGTH and _own_form.fullmatch(token) is not None


def parse_token(text: str) -> Presented | None:
    """Takes a token of Latchkey apart; None if its shape or its check is wrong."""
    token = without_scheme(text)
    if not is_own_form(token) or not _check_matches(token):
        return None
    return Presented(kid_of(token), token)


def parse_presented(text: str, accepts_foreign: bool) -> Presented | None:
    """Takes apart what somebody presents; None for what is no token, of whatever system."""
    parsed = parse_token(text)
    if parsed is not None or not accepts_foreign:
        return parsed
    token = without_scheme(text)
    is_foreign = (
        _LEAST_FOREIGN <= len(token) <= _MOST_FOREIGN
        and _visible.fullmatch(token) is not None
        and not token.startswith(_SCHEME)
        and not is_own_form(token)
    )
    return Presented(None, token) if is_foreign else None


def kid_of(token: str) -> str:
    """The kid of a token of Latchkey that is known to be well-formed."""
    return token[-BODY_LENGTH : KID_LENGTH - BODY_LENGTH]


def has_prefix(text: str, prefix: str) -> bool:
    """Tells whether a token has this prefix, and no longer one."""
    token = without_scheme(text)
    return len(token) == len(prefix) + 1 + BODY_LENGTH and token.startswith(prefix + "_")


def is_foreign_kid(kid: object) -> bool:
    """Tells whether something has the form of a kid of another system's token."""
    return isinstance(kid, str) and _foreign_kid.fullmatch(kid) is not None


def contains_token(text: str) -> bool:
    """Tells whether a text holds something of a token's form, whole or without its end."""
    return any(
        len(part) - 2 >= BODY_LENGTH or (re.search("[A-Z]", part[2:]) and re.search("[a-z]", part[2:]))
        for part in _token_part.findall(text)
    )


def redact_tokens(text: str) -> str:
    """Cuts each thing of a token's form in a text down to its kid."""
    return _secret_part.sub("\\1…", text)


def _check_matches(token: str) -> bool:
    rest = crc32(token[:-_CHECK_LENGTH].encode("ascii"))
    for letter in reversed(token[-_CHECK_LENGTH:]):
        if letter != _ALPHABET[rest % 62]:
            return False
        rest //= 62
    return rest == 0
