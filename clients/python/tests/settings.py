"""The least of Django that its requests and answers need."""

from __future__ import annotations

import django
from django.conf import settings

if not settings.configured:
    settings.configure(ALLOWED_HOSTS=["*"], DEFAULT_CHARSET="utf-8")
    django.setup()
