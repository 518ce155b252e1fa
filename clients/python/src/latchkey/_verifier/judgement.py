"""Judges by facts that are at hand: evaluated at every call, since time passes and calls differ. Pure."""

from __future__ import annotations

from dataclasses import replace

from .._addresses import is_within
from .._permissions import missing_permissions
from .._token import has_prefix
from ..verdict import NOT_FOUND, Verdict, VerdictCode
from .facts import Facts
from .question import Question


def evaluate(facts: Facts, asked: Question, now: float, token: str) -> Verdict | None:
    """Why a token is refused at an instant, if not by limits: the first reason in order. None if nothing refuses it."""
    answer = facts.answer
    # To a caller of one organization, another's tokens do not exist.
    if asked.organization_id is not None and asked.organization_id != answer.organization_id:
        return NOT_FOUND
    if asked.prefix is not None and not has_prefix(token, asked.prefix):
        return replace(answer, valid=False, code="wrong_environment")
    if facts.has_terms:
        refusal = _evaluate_terms(facts, asked, now)
        if refusal is not None:
            return refusal
    wanted = asked.circumstances.permissions
    if wanted and not facts.granted.issuperset(wanted):
        missing = missing_permissions(answer.permissions, wanted)
        if missing:
            return replace(answer, valid=False, code="insufficient_permissions", missing=missing)
    return None


def _evaluate_terms(facts: Facts, asked: Question, now: float) -> Verdict | None:
    if facts.revoked_at is not None:
        return _refuse(facts, "revoked")
    if facts.is_suspended:
        return _refuse(facts, "suspended")
    if facts.expires_at is not None and facts.expires_at <= now:
        return _refuse(facts, "expired")
    if facts.not_before is not None and facts.not_before > now:
        return replace(_refuse(facts, "not_yet_valid"), not_before=facts.begins_at)
    if facts.is_ended or (facts.grace_ends_at is not None and facts.grace_ends_at <= now):
        # Whoever still has such a token learns no more of its key than that.
        ancestor_id = facts.ancestors.get("rotated")
        return Verdict(False, "rotated", facts.answer.key_id, ancestor_id=ancestor_id)
    ip = asked.circumstances.ip
    if facts.allowed_ips and not is_within(facts.allowed_ips, ip):
        return replace(facts.answer, valid=False, code="ip_not_allowed")
    for ancestor_id, networks in facts.ancestor_ips:
        if not is_within(networks, ip):
            return replace(facts.answer, valid=False, code="ip_not_allowed", ancestor_id=ancestor_id)
    return None


def _refuse(facts: Facts, code: VerdictCode) -> Verdict:
    return replace(facts.answer, valid=False, code=code, ancestor_id=facts.ancestors.get(code))
