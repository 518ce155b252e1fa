"""Latchkey: a client of its server, and a verifier that judges API keys in your own process."""

from ._calls import UNSET, Page, UsageFigures
from .client import AsyncLatchkey, Latchkey
from .errors import FieldError, LatchkeyError
from .verdict import ExceededLimit, Verdict, VerdictCode, VerdictLimit
from .verifier import AsyncVerifier, Verifier

__version__ = "0.3.0"

__all__ = [
    "UNSET",
    "AsyncLatchkey",
    "AsyncVerifier",
    "ExceededLimit",
    "FieldError",
    "Latchkey",
    "LatchkeyError",
    "Page",
    "UsageFigures",
    "Verdict",
    "VerdictCode",
    "VerdictLimit",
    "Verifier",
]
