"""The package's one error class: what a server refused, or why there was no answer of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """One field of an input that was refused."""

    #: Where it stands in the input: ``permissions[0]``; empty for the input as a whole.
    path: str
    #: What the field must be.
    message: str


class LatchkeyError(Exception):
    """A failed call; narrow by :attr:`code`. Its text never contains a token.

    ``code`` is the server's (``docs/reference/errors.md``) or, if no Latchkey server answered as it should,
    ``server_unreachable``, ``timed_out``, ``closed``, ``unexpected_answer`` or ``unsupported_server``.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        errors: Sequence[FieldError] = (),
    ) -> None:
        super().__init__(detail)
        #: A stable name of the error.
        self.code = code
        #: The HTTP status; None if no answer came.
        self.status = status
        #: The id of this request in the log and the audit log of the server.
        self.request_id = request_id
        #: After how many seconds the server accepts the next request, if it says so.
        self.retry_after = retry_after
        #: The fields at fault, by the wire's names, for ``invalid_input``.
        self.errors = tuple(errors)

    def __repr__(self) -> str:
        return f"LatchkeyError({self.code!r}, {str(self)!r})"


def refused_field(path: str, message: str) -> LatchkeyError:
    """Makes the refusal of a field that the caller got wrong."""
    return LatchkeyError("invalid_input", f"{path}: {message}", errors=[FieldError(path, message)])


def unexpected(detail: str, status: int | None = None) -> LatchkeyError:
    """Makes the error for what no Latchkey server sends."""
    return LatchkeyError("unexpected_answer", detail, status=status)
