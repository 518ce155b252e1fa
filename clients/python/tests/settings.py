"""The least of Django that its requests and answers need."""

from __future__ import annotations

import django
from django.conf import settings


def configure() -> None:
    """Has Django know its settings, before anything of it is used."""
    settings.configure(ALLOWED_HOSTS=["*"], DEFAULT_CHARSET="utf-8")
    django.setup()
