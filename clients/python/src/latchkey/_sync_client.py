"""The methods of the client, by noun. Written by tools/generate.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Dict, List, Literal, Optional, Union

from . import types as shapes
from . import _async_client as inner
from ._calls import UNSET, Page, SyncExport, Unset, UsageFigures
from ._loop import run
from .verdict import Verdict


class Calls:
    """The calls that belong to no noun."""

    def __init__(self, one: inner.AsyncCalls) -> None:
        self._inner = one

    def verify_batch(
        self,
        requests: Sequence[shapes.VerifyKey],
        *,
        timeout: Optional[float] = None,
    ) -> List[Verdict]:
        """Verify up to 1000 tokens.

        Requires `latchkey:keys:verify`. The body may have at most 256 KiB.
        """
        return run(self._inner.verify_batch(requests, timeout=timeout))

    def settle(
        self,
        reservation: str,
        cost: Any,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.Settlement:
        """Settle what a verification has reserved.

        Gives back what was reserved and not used, or draws what is missing. Repeated with the same cost, the
        call answers the same and changes nothing. Requires `latchkey:keys:verify`. The body may have at most 64
        KiB.
        """
        return run(self._inner.settle(reservation, cost, timeout=timeout))


class Keys:
    """Creates, reads, changes, rotates and revokes keys."""

    def __init__(self, one: inner.AsyncKeys) -> None:
        self._inner = one

    def list(
        self,
        *,
        status: Optional[Literal["active", "expired", "suspended", "revoked", "all"]] = None,
        organization_id: Optional[str] = None,
        q: Optional[str] = None,
        tag: Optional[Sequence[str]] = None,
        permission: Optional[str] = None,
        created_by: Optional[str] = None,
        creator: Optional[Literal["gone"]] = None,
        token_seen_by: Optional[str] = None,
        prefix: Optional[str] = None,
        kid: Optional[str] = None,
        hint: Optional[str] = None,
        expires_before: Optional[datetime] = None,
        unused_since: Optional[datetime] = None,
        never_used: Optional[bool] = None,
        exposed: Optional[bool] = None,
        breaks_policy: Optional[bool] = None,
        decoy: Optional[bool] = None,
        sort: Optional[Literal["-created_at", "-last_used_at", "last_used_at", "expires_at", "name"]] = None,
        count: Optional[bool] = None,
        limit: Optional[int] = None,
        after: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> Page[shapes.Key]:
        """List keys.

        A key of the root organization lists the keys of every organization, unless the query names one. All
        filters hold at once. A search that finds little answers a short page after a tenth of a second, with
        the way to go on. To find a key by what you have of its token, send its kid or its hint with
        `status=all`, and never the token. Requires `latchkey:keys:read`.

        :param status: Only keys of this status; if absent, active ones, and with `exposed=true` those of any.
        :param organization_id: Only keys of this organization. The caller's own if absent; every one for the
            root organization.
        :param q: Only keys whose name or description contains this text, case-insensitive.
        :param tag: Only keys that have this tag, or all of several.
        :param permission: Only keys that hold exactly this permission: `emails:*` does not find keys that hold
            `emails:send`, nor the other way round.
        :param created_by: Only keys that this key, member or user created, by its id.
        :param creator: Only keys that a member has created who is removed.
        :param token_seen_by: Only keys of whose valid tokens this member has seen one.
        :param prefix: Only keys whose tokens begin with this prefix.
        :param kid: Only the key that has, or had, the secret with this kid.
        :param hint: Only the key that has, or had, the token with this hint.
        :param expires_before: Only keys that expire before this instant.
        :param unused_since: Only keys that were created before this instant and not used from then on.
        :param never_used: Only keys that were never used, or, if false, that were used at least once.
        :param exposed: Only keys that are marked as leaked, or, if false, that are not.
        :param breaks_policy: Only keys that break a rule of a policy, with the rules (`broken_rules`), or, if
            false, that break none. No rule on the number of keys is one of a single key.
        :param decoy: Only decoys or, if false, only keys that are none.
        :param sort: The order: newest first if absent; last used first; longest unused first, after those that
            were never used; soonest to expire first, without those that never do; or by name. If absent:
            `-created_at`.
        :param count: Whether to count the keys of the whole list, up to 10,000, with its first page.
        :param limit: Maximum number of items; a page of large items has fewer. If absent: `1000`.
        :param after: The cursor of the previous page.
        """
        return run(self._inner.list(status=status, organization_id=organization_id, q=q, tag=tag, permission=permission, created_by=created_by, creator=creator, token_seen_by=token_seen_by, prefix=prefix, kid=kid, hint=hint, expires_before=expires_before, unused_since=unused_since, never_used=never_used, exposed=exposed, breaks_policy=breaks_policy, decoy=decoy, sort=sort, count=count, limit=limit, after=after, timeout=timeout))

    def list_all(
        self,
        *,
        status: Optional[Literal["active", "expired", "suspended", "revoked", "all"]] = None,
        organization_id: Optional[str] = None,
        q: Optional[str] = None,
        tag: Optional[Sequence[str]] = None,
        permission: Optional[str] = None,
        created_by: Optional[str] = None,
        creator: Optional[Literal["gone"]] = None,
        token_seen_by: Optional[str] = None,
        prefix: Optional[str] = None,
        kid: Optional[str] = None,
        hint: Optional[str] = None,
        expires_before: Optional[datetime] = None,
        unused_since: Optional[datetime] = None,
        never_used: Optional[bool] = None,
        exposed: Optional[bool] = None,
        breaks_policy: Optional[bool] = None,
        decoy: Optional[bool] = None,
        sort: Optional[Literal["-created_at", "-last_used_at", "last_used_at", "expires_at", "name"]] = None,
        count: Optional[bool] = None,
        limit: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> Iterator[shapes.Key]:
        """Gives every item of list(), page by page, as it is asked for."""
        after: Optional[str] = None
        while True:
            page = self.list(status=status, organization_id=organization_id, q=q, tag=tag, permission=permission, created_by=created_by, creator=creator, token_seen_by=token_seen_by, prefix=prefix, kid=kid, hint=hint, expires_before=expires_before, unused_since=unused_since, never_used=never_used, exposed=exposed, breaks_policy=breaks_policy, decoy=decoy, sort=sort, count=count, limit=limit, timeout=timeout, after=after)
            for item in page.items:
                yield item
            if page.next is None:
                return
            after = page.next

    def create(
        self,
        *,
        name: str,
        permissions: Union[Sequence[str], Unset] = UNSET,
        expires_at: Union[Optional[datetime], Unset] = UNSET,
        not_before: Union[Optional[datetime], Unset] = UNSET,
        allowed_ips: Union[Optional[Sequence[str]], Unset] = UNSET,
        metadata: Union[Mapping[str, Any], Unset] = UNSET,
        description: Union[Optional[str], Unset] = UNSET,
        tags: Union[Sequence[str], Unset] = UNSET,
        limits: Union[Sequence[shapes.Limit], Unset] = UNSET,
        prefix: Union[str, Unset] = UNSET,
        organization_id: Union[str, Unset] = UNSET,
        created_by: Union[str, Unset] = UNSET,
        parent_id: Union[str, Unset] = UNSET,
        decoy: Union[bool, Unset] = UNSET,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> shapes.CreatedKey:
        """Create a key.

        No other answer ever contains the token. The calling key must cover the permissions that it grants; a
        key of the root organization may grant anything outside `latchkey:`. A key that expires cannot create a
        key of its own organization that expires later. To set `metadata`, the calling key needs to be of the
        root organization, or to hold `latchkey:metadata:write`. Requires `latchkey:keys:write`. The body may
        have at most 64 KiB.
        """
        return run(self._inner.create(name=name, permissions=permissions, expires_at=expires_at, not_before=not_before, allowed_ips=allowed_ips, metadata=metadata, description=description, tags=tags, limits=limits, prefix=prefix, organization_id=organization_id, created_by=created_by, parent_id=parent_id, decoy=decoy, idempotency_key=idempotency_key, timeout=timeout))

    def derive(
        self,
        *,
        name: str,
        description: Union[Optional[str], Unset] = UNSET,
        tags: Union[Sequence[str], Unset] = UNSET,
        permissions: Union[Sequence[str], Unset] = UNSET,
        metadata: Union[Mapping[str, Any], Unset] = UNSET,
        limits: Union[Sequence[shapes.Limit], Unset] = UNSET,
        prefix: Union[str, Unset] = UNSET,
        not_before: Union[Optional[datetime], Unset] = UNSET,
        allowed_ips: Union[Optional[Sequence[str]], Unset] = UNSET,
        expires_at: Union[datetime, Unset] = UNSET,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> shapes.CreatedKey:
        """Create a child of the calling key.

        A child may do no more than its parent at any instant, draws from the limits of its parent too, and ends
        with it: when it is revoked, suspended or expired, and with the token by which it was made. It lives for
        an hour unless `expires_at` says otherwise, and never longer than its parent. A key has at most 10,000
        live children, and a line at most 4 keys. Requires `latchkey:self:derive`. The body may have at most 64
        KiB.
        """
        return run(self._inner.derive(name=name, description=description, tags=tags, permissions=permissions, metadata=metadata, limits=limits, prefix=prefix, not_before=not_before, allowed_ips=allowed_ips, expires_at=expires_at, idempotency_key=idempotency_key, timeout=timeout))

    def list_children(
        self,
        id: str,
        *,
        limit: Optional[int] = None,
        after: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> Page[shapes.Key]:
        """List the children of a key.

        Newest first, ended ones included. `status` is what a child is by itself: it may end before, with its
        parent. Requires `latchkey:keys:read`.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param limit: Maximum number of items; a page of large items has fewer. If absent: `1000`.
        :param after: The cursor of the previous page.
        """
        return run(self._inner.list_children(id, limit=limit, after=after, timeout=timeout))

    def list_all_children(
        self,
        id: str,
        *,
        limit: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> Iterator[shapes.Key]:
        """Gives every item of list_children(), page by page, as it is asked for."""
        after: Optional[str] = None
        while True:
            page = self.list_children(id, limit=limit, timeout=timeout, after=after)
            for item in page.items:
                yield item
            if page.next is None:
                return
            after = page.next

    def revoke_child(
        self,
        id: str,
        *,
        wait: Optional[Literal["applied"]] = None,
        timeout: Optional[float] = None,
    ) -> shapes.ChangeDone:
        """Revoke a child of the calling key.

        Cannot be undone. Repeated, the call answers the same. Requires `latchkey:self:derive`.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.revoke_child(id, wait=wait, timeout=timeout))

    def get(
        self,
        id: str,
        *,
        secrets_after: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> shapes.KeyDetails:
        """Get a key and its secrets.

        The newest 100 secrets; if there may be more, `Link` leads to the next ones. A key keeps the newest 1000
        secrets that have ended; a token of an older one is `not_found`. Requires `latchkey:keys:read`.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param secrets_after: The kid of the last secret of the previous answer.
        """
        return run(self._inner.get(id, secrets_after=secrets_after, timeout=timeout))

    def own(
        self,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.Key:
        """Get the calling key.

        Requires no permission.
        """
        return run(self._inner.own(timeout=timeout))

    def import_(
        self,
        keys: Sequence[shapes.ImportedKey],
        *,
        timeout: Optional[float] = None,
    ) -> List[shapes.ImportOutcome]:
        """Import keys with the tokens of another system.

        Makes up to 1000 keys whose tokens another system has made: the tokens themselves, or the hashes that
        the other system keeps. A token has 16 to 512 visible ASCII characters. Each item is checked by itself,
        and the answer tells in the same order what became of it: the good ones are made, and an item that is
        sent again is `exists`. Root organization only. The keys hold no permission of `latchkey:`. A deployment
        has at most 4 ways (`scheme`, `of`, `pepper`) in which tokens are hashed. Requires
        `latchkey:keys:write`. The body may have at most 4096 KiB.
        """
        return run(self._inner.import_(keys, timeout=timeout))

    def list_recipes(
        self,
        *,
        timeout: Optional[float] = None,
    ) -> List[shapes.RecipeUse]:
        """List the ways in which imported tokens are found.

        Root organization only. Requires `latchkey:keys:read`.
        """
        return run(self._inner.list_recipes(timeout=timeout))

    def list_prefixes(
        self,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.Prefixes:
        """List the prefixes of new keys.

        What the tokens of new keys may begin with, such as one prefix for each environment. Requires
        `latchkey:keys:read`.
        """
        return run(self._inner.list_prefixes(timeout=timeout))

    def set_prefixes(
        self,
        *,
        prefixes: Sequence[str],
        timeout: Optional[float] = None,
    ) -> shapes.Prefixes:
        """Set the prefixes of new keys.

        Replaces the list. Keys with a prefix that is no longer on it keep it, and stay valid. At its start, a
        server adds the prefixes of its own setting again. Requires a key of the root organization. Requires
        `latchkey:organizations:write`. The body may have at most 64 KiB.
        """
        return run(self._inner.set_prefixes(prefixes=prefixes, timeout=timeout))

    def list_catalogue(
        self,
        *,
        timeout: Optional[float] = None,
    ) -> List[shapes.CatalogueEntry]:
        """List the catalogue of permissions.

        What the operator says of the permissions that its API knows, at most 1000: `GET /v1/keys/permissions`
        has those in use. Requires `latchkey:keys:read`.
        """
        return run(self._inner.list_catalogue(timeout=timeout))

    def describe_permissions(
        self,
        *,
        permissions: Union[Sequence[shapes.DescribedPermission], Unset] = UNSET,
        remove: Union[Sequence[str], Unset] = UNSET,
        replace: Union[bool, Unset] = UNSET,
        timeout: Optional[float] = None,
    ) -> List[shapes.CatalogueEntry]:
        """Change the catalogue of permissions.

        Describes permissions, and removes others; keys keep what they hold. The answer is the whole catalogue.
        Requires a key of the root organization. Requires `latchkey:permissions:write`. The body may have at
        most 1024 KiB.
        """
        return run(self._inner.describe_permissions(permissions=permissions, remove=remove, replace=replace, timeout=timeout))

    def list_permissions(
        self,
        *,
        organization_id: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> List[shapes.PermissionUse]:
        """List the permissions in use.

        The permissions that the newest 1000 active keys hold, each with the number of keys that hold it: most
        used first, at most 200. Requires `latchkey:keys:read`.

        :param organization_id: Only keys of this organization. The caller's own if absent; every one for the
            root organization.
        """
        return run(self._inner.list_permissions(organization_id=organization_id, timeout=timeout))

    def read_permissions(
        self,
        id: str,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.KeyPermissions:
        """Read which permissions of a key its calls need.

        How many valid calls of the last 90 days needed each permission of the key, and the least that would
        have admitted them. Processes write what they count within ten seconds. Requires `latchkey:usage:read`.

        :param id: The id. The id of another organization is answered like an unknown one.
        """
        return run(self._inner.read_permissions(id, timeout=timeout))

    def read_places(
        self,
        id: str,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.KeyPlaces:
        """Read from where a key is called.

        The clients of its calls, by address and kind, as far as verifications told of them in `context`. Places
        are kept for 30 days. Processes write what they count within ten seconds. Requires
        `latchkey:usage:read`.

        :param id: The id. The id of another organization is answered like an unknown one.
        """
        return run(self._inner.read_places(id, timeout=timeout))

    def forget_places(
        self,
        id: str,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.Done:
        """Forget from where a key was called.

        Deletes the addresses and user agents of its calls, also that of its last use. What other processes have
        counted in the last ten seconds may come after it. Requires `latchkey:keys:write`.

        :param id: The id. The id of another organization is answered like an unknown one.
        """
        return run(self._inner.forget_places(id, timeout=timeout))

    def preview(
        self,
        id: str,
        *,
        name: Union[str, Unset] = UNSET,
        permissions: Union[Optional[Sequence[str]], Unset] = UNSET,
        expires_at: Union[Optional[datetime], Unset] = UNSET,
        not_before: Union[Optional[datetime], Unset] = UNSET,
        allowed_ips: Union[Optional[Sequence[str]], Unset] = UNSET,
        metadata: Union[Optional[Mapping[str, Any]], Unset] = UNSET,
        description: Union[Optional[str], Unset] = UNSET,
        tags: Union[Optional[Sequence[str]], Unset] = UNSET,
        limits: Union[Optional[Sequence[shapes.Limit]], Unset] = UNSET,
        rotate: Union[shapes.RotateKey, Unset] = UNSET,
        end_secret: Union[str, Unset] = UNSET,
        suspend: Union[bool, Unset] = UNSET,
        revoke: Union[bool, Unset] = UNSET,
        timeout: Optional[float] = None,
    ) -> shapes.KeyPreview:
        """Preview a change of a key.

        Tells which valid calls of the last 30 days a change would have refused, by operation and client, and
        changes nothing. The body names one change: fields as `PATCH /v1/keys/{id}` takes them, `rotate`,
        `end_secret` or `revoke`. Calls are judged as verifications judge them, at once and when a grace or the
        key ends. Of limits, which depend on when calls come, there are bounds. The calling key needs what the
        change needs, and `latchkey:usage:read`. Requires `latchkey:keys:write`. The body may have at most 64
        KiB.

        :param id: The id. The id of another organization is answered like an unknown one.
        """
        return run(self._inner.preview(id, name=name, permissions=permissions, expires_at=expires_at, not_before=not_before, allowed_ips=allowed_ips, metadata=metadata, description=description, tags=tags, limits=limits, rotate=rotate, end_secret=end_secret, suspend=suspend, revoke=revoke, timeout=timeout))

    def update(
        self,
        id: str,
        *,
        name: Union[str, Unset] = UNSET,
        permissions: Union[Optional[Sequence[str]], Unset] = UNSET,
        expires_at: Union[Optional[datetime], Unset] = UNSET,
        not_before: Union[Optional[datetime], Unset] = UNSET,
        allowed_ips: Union[Optional[Sequence[str]], Unset] = UNSET,
        metadata: Union[Optional[Mapping[str, Any]], Unset] = UNSET,
        description: Union[Optional[str], Unset] = UNSET,
        tags: Union[Optional[Sequence[str]], Unset] = UNSET,
        limits: Union[Optional[Sequence[shapes.Limit]], Unset] = UNSET,
        wait: Optional[Literal["applied"]] = None,
        if_revision: Union[str, Sequence[str], None] = None,
        timeout: Optional[float] = None,
    ) -> shapes.ChangedKey:
        """Change a key.

        Changes the given fields and keeps the rest. The calling key must cover all permissions of the key,
        unless it changes itself. To change `metadata`, it needs to be of the root organization, or to hold
        `latchkey:metadata:write`. Requires `latchkey:keys:write`. The body may have at most 64 KiB.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.update(id, name=name, permissions=permissions, expires_at=expires_at, not_before=not_before, allowed_ips=allowed_ips, metadata=metadata, description=description, tags=tags, limits=limits, wait=wait, if_revision=if_revision, timeout=timeout))

    def bulk(
        self,
        *,
        action: Literal["revoke", "suspend", "resume", "tag"],
        ids: Union[Sequence[str], Unset] = UNSET,
        filter: Union[shapes.BulkChangeFilter, Unset] = UNSET,
        reason: Union[str, Unset] = UNSET,
        add_tags: Union[Sequence[str], Unset] = UNSET,
        remove_tags: Union[Sequence[str], Unset] = UNSET,
        expect: Union[int, Unset] = UNSET,
        dry_run: Union[bool, Unset] = UNSET,
        wait: Optional[Literal["applied"]] = None,
        timeout: Optional[float] = 120,
    ) -> shapes.BulkResult:
        """Change many keys.

        Revokes, suspends, resumes or tags up to 10,000 keys, by their ids or by the filters of a list. If not
        exactly `expect` keys are meant, nothing is done: a `dry_run` tells how many are, and what would become
        of them. Each key is judged as by a change of it alone, and what one refuses stops no other. The calling
        key is skipped. Keys change by 500 in a transaction; each has its event. Requires `latchkey:keys:write`.
        The body may have at most 1024 KiB.

        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.bulk(action=action, ids=ids, filter=filter, reason=reason, add_tags=add_tags, remove_tags=remove_tags, expect=expect, dry_run=dry_run, wait=wait, timeout=timeout))

    def rotate(
        self,
        id: str,
        *,
        grace_seconds: Union[int, Unset] = UNSET,
        grace: Union[shapes.Grace, Unset] = UNSET,
        keep_children: Union[bool, Unset] = UNSET,
        wait: Optional[Literal["applied"]] = None,
        if_revision: Union[str, Sequence[str], None] = None,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> shapes.RotatedKey:
        """Rotate a key.

        Gives the key a new token. The old token stays valid until the grace period ends, but not after the key
        expires. Without a grace period, every older token becomes invalid at once. The body is optional.
        Requires `latchkey:keys:write`. The body may have at most 64 KiB.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.rotate(id, grace_seconds=grace_seconds, grace=grace, keep_children=keep_children, wait=wait, if_revision=if_revision, idempotency_key=idempotency_key, timeout=timeout))

    def end_secret(
        self,
        id: str,
        kid: str,
        *,
        wait: Optional[Literal["applied"]] = None,
        timeout: Optional[float] = None,
    ) -> shapes.ChangeDone:
        """End the grace period of an old token.

        Requires `latchkey:keys:write`.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param kid: The public id of the secret.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.end_secret(id, kid, wait=wait, timeout=timeout))

    def add_units(
        self,
        id: str,
        name: str,
        *,
        add: int,
        reference: Union[str, Unset] = UNSET,
        wait: Optional[Literal["applied"]] = None,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> shapes.ChangedLimit:
        """Add units to a quota of a key.

        For the current period; negative: takes them away. With a `reference`, the same units are added once,
        however often the call is repeated. Requires `latchkey:limits:write`. The body may have at most 64 KiB.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param name: The name of the limit.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.add_units(id, name, add=add, reference=reference, wait=wait, idempotency_key=idempotency_key, timeout=timeout))

    def suspend(
        self,
        id: str,
        *,
        reason: Union[str, Unset] = UNSET,
        wait: Optional[Literal["applied"]] = None,
        if_revision: Union[str, Sequence[str], None] = None,
        timeout: Optional[float] = None,
    ) -> shapes.ChangedKey:
        """Suspend a key.

        Refuses its tokens until the key is resumed, and ends its sessions. What a key of the root organization
        suspends, only the root organization resumes. Repeated, the call changes nothing. The body is optional.
        Requires `latchkey:keys:write`. The body may have at most 64 KiB.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.suspend(id, reason=reason, wait=wait, if_revision=if_revision, timeout=timeout))

    def resume(
        self,
        id: str,
        *,
        wait: Optional[Literal["applied"]] = None,
        if_revision: Union[str, Sequence[str], None] = None,
        timeout: Optional[float] = None,
    ) -> shapes.ChangedKey:
        """Resume a suspended key.

        A key that is not suspended stays as it is. Requires `latchkey:keys:write`.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.resume(id, wait=wait, if_revision=if_revision, timeout=timeout))

    def revoke(
        self,
        id: str,
        *,
        wait: Optional[Literal["applied"]] = None,
        reason: Optional[Literal["unspecified", "compromised", "superseded", "no_longer_used", "owner_left"]] = None,
        if_revision: Union[str, Sequence[str], None] = None,
        timeout: Optional[float] = None,
    ) -> shapes.ChangeDone:
        """Revoke a key permanently.

        Cannot be undone. Repeated, the call answers the same and keeps the first `revoked_at` and its reason.
        Requires `latchkey:keys:write`.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        :param reason: Why; `unspecified` if absent.
        """
        return run(self._inner.revoke(id, wait=wait, reason=reason, if_revision=if_revision, timeout=timeout))

    def revoke_self(
        self,
        *,
        reason: Union[Literal["unspecified", "compromised", "superseded", "no_longer_used", "owner_left"], Unset] = UNSET,
        wait: Optional[Literal["applied"]] = None,
        timeout: Optional[float] = None,
    ) -> shapes.ChangeDone:
        """Revoke the calling key.

        For whoever holds a token that is no longer safe: no permission is needed. An old token in its grace
        ends itself alone. Cannot be undone. The body may have at most 64 KiB.

        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.revoke_self(reason=reason, wait=wait, timeout=timeout))

    def clear_exposure(
        self,
        id: str,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.Done:
        """Clear the mark of a leak.

        When the leak is dealt with: `exposure` is null again, until another report. Neither the key itself nor
        a child of it may. Repeated, the call changes nothing. Requires `latchkey:keys:write`.

        :param id: The id. The id of another organization is answered like an unknown one.
        """
        return run(self._inner.clear_exposure(id, timeout=timeout))


class Organizations:
    """Creates, reads and changes the owners of keys."""

    def __init__(self, one: inner.AsyncOrganizations) -> None:
        self._inner = one

    def list(
        self,
        *,
        q: Optional[str] = None,
        limit: Optional[int] = None,
        after: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> Page[shapes.Organization]:
        """List organizations.

        Newest first. A key outside the root organization lists its own organization only. Requires
        `latchkey:organizations:read`.

        :param q: Only organizations whose name or id contains this text, case-insensitive.
        :param limit: Maximum number of items; a page of large items has fewer. If absent: `1000`.
        :param after: The cursor of the previous page.
        """
        return run(self._inner.list(q=q, limit=limit, after=after, timeout=timeout))

    def list_all(
        self,
        *,
        q: Optional[str] = None,
        limit: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> Iterator[shapes.Organization]:
        """Gives every item of list(), page by page, as it is asked for."""
        after: Optional[str] = None
        while True:
            page = self.list(q=q, limit=limit, timeout=timeout, after=after)
            for item in page.items:
                yield item
            if page.next is None:
                return
            after = page.next

    def create(
        self,
        *,
        name: str,
        id: Union[str, Unset] = UNSET,
        limits: Union[Sequence[shapes.Limit], Unset] = UNSET,
        plan: Union[Optional[str], Unset] = UNSET,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> shapes.Organization:
        """Create an organization.

        Requires a key of the root organization. If `id` is absent, the server generates a UUID. Requires
        `latchkey:organizations:write`. The body may have at most 64 KiB.
        """
        return run(self._inner.create(name=name, id=id, limits=limits, plan=plan, idempotency_key=idempotency_key, timeout=timeout))

    def get(
        self,
        id: str,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.OrganizationDetails:
        """Get an organization.

        Requires `latchkey:organizations:read`, unless it is the organization of the calling key: every key may
        read that.

        :param id: The id. The id of another organization is answered like an unknown one.
        """
        return run(self._inner.get(id, timeout=timeout))

    def update(
        self,
        id: str,
        *,
        name: Union[str, Unset] = UNSET,
        grantable_permissions: Union[Sequence[str], Unset] = UNSET,
        sign_in: Union[Literal["any", "provider"], Unset] = UNSET,
        limits: Union[Optional[Sequence[shapes.Limit]], Unset] = UNSET,
        plan: Union[Optional[str], Unset] = UNSET,
        wait: Optional[Literal["applied"]] = None,
        if_revision: Union[str, Sequence[str], None] = None,
        timeout: Optional[float] = None,
    ) -> shapes.ChangedOrganization:
        """Change an organization.

        Changes the given fields and keeps the rest. Limits and plan are set by keys of the root organization
        that hold `latchkey:limits:write`. Requires `latchkey:organizations:write`. The body may have at most 64
        KiB.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.update(id, name=name, grantable_permissions=grantable_permissions, sign_in=sign_in, limits=limits, plan=plan, wait=wait, if_revision=if_revision, timeout=timeout))

    def suspend(
        self,
        id: str,
        *,
        reason: Union[str, Unset] = UNSET,
        wait: Optional[Literal["applied"]] = None,
        if_revision: Union[str, Sequence[str], None] = None,
        timeout: Optional[float] = None,
    ) -> shapes.ChangedOrganization:
        """Suspend an organization.

        Refuses all of its keys until it is resumed, ends their sessions, and holds its webhooks. Its keys are
        not rotated meanwhile. Requires a key of the root organization, which itself cannot be suspended.
        Repeated, the call changes nothing. The body is optional. Requires `latchkey:organizations:write`. The
        body may have at most 64 KiB.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.suspend(id, reason=reason, wait=wait, if_revision=if_revision, timeout=timeout))

    def resume(
        self,
        id: str,
        *,
        wait: Optional[Literal["applied"]] = None,
        if_revision: Union[str, Sequence[str], None] = None,
        timeout: Optional[float] = None,
    ) -> shapes.ChangedOrganization:
        """Resume a suspended organization.

        Its webhooks go on where they were held. An organization that is not suspended stays as it is. Requires
        a key of the root organization. Requires `latchkey:organizations:write`.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.resume(id, wait=wait, if_revision=if_revision, timeout=timeout))

    def add_units(
        self,
        id: str,
        name: str,
        *,
        add: int,
        reference: Union[str, Unset] = UNSET,
        wait: Optional[Literal["applied"]] = None,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> shapes.ChangedLimit:
        """Add units to a quota of an organization.

        For the current period; negative: takes them away. With a `reference`, the same units are added once,
        however often the call is repeated. Requires `latchkey:limits:write`. The body may have at most 64 KiB.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param name: The name of the limit.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.add_units(id, name, add=add, reference=reference, wait=wait, idempotency_key=idempotency_key, timeout=timeout))


class Plans:
    """Named sets of permissions and limits, for organizations."""

    def __init__(self, one: inner.AsyncPlans) -> None:
        self._inner = one

    def list(
        self,
        *,
        limit: Optional[int] = None,
        after: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> Page[shapes.Plan]:
        """List plans.

        By their names. Requires a key of the root organization. Requires `latchkey:organizations:read`.

        :param limit: Maximum number of items; a page of large items has fewer. If absent: `1000`.
        :param after: The cursor of the previous page.
        """
        return run(self._inner.list(limit=limit, after=after, timeout=timeout))

    def list_all(
        self,
        *,
        limit: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> Iterator[shapes.Plan]:
        """Gives every item of list(), page by page, as it is asked for."""
        after: Optional[str] = None
        while True:
            page = self.list(limit=limit, timeout=timeout, after=after)
            for item in page.items:
                yield item
            if page.next is None:
                return
            after = page.next

    def create(
        self,
        *,
        name: str,
        permissions: Union[Optional[Sequence[str]], Unset] = UNSET,
        limits: Union[Sequence[shapes.Limit], Unset] = UNSET,
        key_limits: Union[Sequence[shapes.Limit], Unset] = UNSET,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> shapes.Plan:
        """Create a plan.

        A named set of permissions and limits for organizations. Requires a key of the root organization.
        Requires `latchkey:limits:write`. The body may have at most 64 KiB.
        """
        return run(self._inner.create(name=name, permissions=permissions, limits=limits, key_limits=key_limits, idempotency_key=idempotency_key, timeout=timeout))

    def get(
        self,
        name: str,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.PlanDetails:
        """Get a plan.

        Tells how many organizations are on it, too. Requires a key of the root organization. Requires
        `latchkey:organizations:read`.

        :param name: The name of the limit.
        """
        return run(self._inner.get(name, timeout=timeout))

    def update(
        self,
        name: str,
        *,
        permissions: Union[Optional[Sequence[str]], Unset] = UNSET,
        limits: Union[Optional[Sequence[shapes.Limit]], Unset] = UNSET,
        key_limits: Union[Optional[Sequence[shapes.Limit]], Unset] = UNSET,
        wait: Optional[Literal["applied"]] = None,
        if_revision: Union[str, Sequence[str], None] = None,
        timeout: Optional[float] = None,
    ) -> shapes.ChangedPlan:
        """Change a plan.

        Changes the given fields for all organizations of the plan, and keeps the rest. Requires a key of the
        root organization. Requires `latchkey:limits:write`. The body may have at most 64 KiB.

        :param name: The name of the limit.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.update(name, permissions=permissions, limits=limits, key_limits=key_limits, wait=wait, if_revision=if_revision, timeout=timeout))

    def delete(
        self,
        name: str,
        *,
        wait: Optional[Literal["applied"]] = None,
        if_revision: Union[str, Sequence[str], None] = None,
        timeout: Optional[float] = None,
    ) -> shapes.ChangeDone:
        """Delete a plan.

        Deletes a plan on which no organization is; `plan_in_use` says how many are. Requires a key of the root
        organization. Requires `latchkey:limits:write`.

        :param name: The name of the limit.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.delete(name, wait=wait, if_revision=if_revision, timeout=timeout))


class Policies:
    """What keys may be."""

    def __init__(self, one: inner.AsyncPolicies) -> None:
        self._inner = one

    def get(
        self,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.Policy:
        """Get the policy of the deployment.

        The rules that new and changed keys of every organization must keep. Keys of the root organization are
        exempt. Requires `latchkey:keys:read`.
        """
        return run(self._inner.get(timeout=timeout))

    def set(
        self,
        *,
        max_lifetime_seconds: Union[Optional[int], Unset] = UNSET,
        require_expiry: Union[bool, Unset] = UNSET,
        permissions: Union[Optional[Sequence[str]], Unset] = UNSET,
        catalogued_only: Union[bool, Unset] = UNSET,
        prefixes: Union[Optional[Sequence[str]], Unset] = UNSET,
        require_allowed_ips: Union[bool, Unset] = UNSET,
        max_keys: Union[Optional[int], Unset] = UNSET,
        on_leak: Union[Optional[Literal["revoke", "end_after", "notify"]], Unset] = UNSET,
        leak_ends_after_hours: Union[Optional[int], Unset] = UNSET,
        wait: Optional[Literal["applied"]] = None,
        if_revision: Union[str, Sequence[str], None] = None,
        timeout: Optional[float] = None,
    ) -> shapes.ChangedPolicy:
        """Set the policy of the deployment.

        Replaces all of its rules; a rule that is absent is none. It is judged from then on whenever a key is
        created, imported, rotated or derived, and of a change what that names. Keys that break it stay as they
        are: `GET /v1/keys?breaks_policy=true` lists them. Requires a key of the root organization. Requires
        `latchkey:organizations:write`. The body may have at most 64 KiB.

        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.set(max_lifetime_seconds=max_lifetime_seconds, require_expiry=require_expiry, permissions=permissions, catalogued_only=catalogued_only, prefixes=prefixes, require_allowed_ips=require_allowed_ips, max_keys=max_keys, on_leak=on_leak, leak_ends_after_hours=leak_ends_after_hours, wait=wait, if_revision=if_revision, timeout=timeout))

    def get_for(
        self,
        id: str,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.Policy:
        """Get the policy of an organization.

        Its own rules, which its keys must keep beside those of the deployment. Requires `latchkey:keys:read`.

        :param id: The id. The id of another organization is answered like an unknown one.
        """
        return run(self._inner.get_for(id, timeout=timeout))

    def set_for(
        self,
        id: str,
        *,
        max_lifetime_seconds: Union[Optional[int], Unset] = UNSET,
        require_expiry: Union[bool, Unset] = UNSET,
        permissions: Union[Optional[Sequence[str]], Unset] = UNSET,
        catalogued_only: Union[bool, Unset] = UNSET,
        prefixes: Union[Optional[Sequence[str]], Unset] = UNSET,
        require_allowed_ips: Union[bool, Unset] = UNSET,
        max_keys: Union[Optional[int], Unset] = UNSET,
        on_leak: Union[Optional[Literal["revoke", "end_after", "notify"]], Unset] = UNSET,
        leak_ends_after_hours: Union[Optional[int], Unset] = UNSET,
        wait: Optional[Literal["applied"]] = None,
        if_revision: Union[str, Sequence[str], None] = None,
        timeout: Optional[float] = None,
    ) -> shapes.ChangedPolicy:
        """Set the policy of an organization.

        Replaces all of its rules. A key must keep these and those of the deployment, so that they narrow that
        policy and never widen it. An organization sets its own ones; what a key of the root organization has
        set, only such a key changes. Requires `latchkey:organizations:write`. The body may have at most 64 KiB.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.set_for(id, max_lifetime_seconds=max_lifetime_seconds, require_expiry=require_expiry, permissions=permissions, catalogued_only=catalogued_only, prefixes=prefixes, require_allowed_ips=require_allowed_ips, max_keys=max_keys, on_leak=on_leak, leak_ends_after_hours=leak_ends_after_hours, wait=wait, if_revision=if_revision, timeout=timeout))

    def delete_for(
        self,
        id: str,
        *,
        wait: Optional[Literal["applied"]] = None,
        if_revision: Union[str, Sequence[str], None] = None,
        timeout: Optional[float] = None,
    ) -> shapes.ChangeDone:
        """Remove the policy of an organization.

        That of the deployment stays. Repeated, the call changes nothing. What a key of the root organization
        has set, only such a key removes. Requires `latchkey:organizations:write`.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.delete_for(id, wait=wait, if_revision=if_revision, timeout=timeout))


class Members:
    """Reads, changes and removes the people of organizations."""

    def __init__(self, one: inner.AsyncMembers) -> None:
        self._inner = one

    def list(
        self,
        *,
        organization_id: Optional[str] = None,
        status: Optional[Literal["active", "suspended", "removed", "all"]] = None,
        limit: Optional[int] = None,
        after: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> Page[shapes.Member]:
        """List members.

        Newest first. A caller outside the root organization lists those of its own organization. Requires
        `latchkey:members:read`.

        :param organization_id: Only members of this organization. The caller's own if absent; every one for the
            root organization.
        :param status: Only members of this status; active ones if absent. If absent: `active`.
        :param limit: Maximum number of items; a page of large items has fewer. If absent: `1000`.
        :param after: The cursor of the previous page.
        """
        return run(self._inner.list(organization_id=organization_id, status=status, limit=limit, after=after, timeout=timeout))

    def list_all(
        self,
        *,
        organization_id: Optional[str] = None,
        status: Optional[Literal["active", "suspended", "removed", "all"]] = None,
        limit: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> Iterator[shapes.Member]:
        """Gives every item of list(), page by page, as it is asked for."""
        after: Optional[str] = None
        while True:
            page = self.list(organization_id=organization_id, status=status, limit=limit, timeout=timeout, after=after)
            for item in page.items:
                yield item
            if page.next is None:
                return
            after = page.next

    def own(
        self,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.OwnMember:
        """Get the calling member.

        With the organizations for which the same person may act. Requires no permission; a key is no member.
        """
        return run(self._inner.own(timeout=timeout))

    def update_own_identity(
        self,
        id: str,
        *,
        label: str,
        timeout: Optional[float] = None,
    ) -> shapes.Identity:
        """Rename an identity of the calling member.

        Such as a passkey. Requires no permission. The body may have at most 64 KiB.

        :param id: The id. The id of another organization is answered like an unknown one.
        """
        return run(self._inner.update_own_identity(id, label=label, timeout=timeout))

    def remove_own_identity(
        self,
        id: str,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.Done:
        """Remove an identity of the calling member.

        The member signs in by it no more, and sessions end that may act for nobody any more. The last one
        stays. Requires no permission, and a fresh sign-in.

        :param id: The id. The id of another organization is answered like an unknown one.
        """
        return run(self._inner.remove_own_identity(id, timeout=timeout))

    def get(
        self,
        id: str,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.MemberDetails:
        """Get a member.

        Requires `latchkey:members:read`.

        :param id: The id. The id of another organization is answered like an unknown one.
        """
        return run(self._inner.get(id, timeout=timeout))

    def update(
        self,
        id: str,
        *,
        role: Union[Literal["owner", "admin", "developer", "viewer", "auditor"], Unset] = UNSET,
        name: Union[Optional[str], Unset] = UNSET,
        wait: Optional[Literal["applied"]] = None,
        if_revision: Union[str, Sequence[str], None] = None,
        timeout: Optional[float] = None,
    ) -> shapes.ChangedMember:
        """Change a member.

        Its role or its name. The caller must hold all that the role of the member may do. The same holds for
        the new role. An organization that has an owner keeps one. Requires `latchkey:members:write`. The body
        may have at most 64 KiB.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.update(id, role=role, name=name, wait=wait, if_revision=if_revision, timeout=timeout))

    def suspend(
        self,
        id: str,
        *,
        reason: Union[str, Unset] = UNSET,
        wait: Optional[Literal["applied"]] = None,
        if_revision: Union[str, Sequence[str], None] = None,
        timeout: Optional[float] = None,
    ) -> shapes.Departure:
        """Suspend a member.

        It may not act until it is resumed, and its sessions end. The caller must hold all that the role of the
        member may do. Repeated, the call changes nothing. The body is optional. Requires
        `latchkey:members:write`. The body may have at most 64 KiB.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.suspend(id, reason=reason, wait=wait, if_revision=if_revision, timeout=timeout))

    def resume(
        self,
        id: str,
        *,
        wait: Optional[Literal["applied"]] = None,
        if_revision: Union[str, Sequence[str], None] = None,
        timeout: Optional[float] = None,
    ) -> shapes.ChangedMember:
        """Resume a member.

        The caller must hold all that the role of the member may do. A member that is not suspended stays as it
        is. Requires `latchkey:members:write`.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.resume(id, wait=wait, if_revision=if_revision, timeout=timeout))

    def reset(
        self,
        id: str,
        *,
        send: Union[bool, Unset] = UNSET,
        timeout: Optional[float] = None,
    ) -> shapes.Invitation:
        """Reset how a member signs in.

        For a member that has lost what it signs in by: its identities and sessions end, and it is invited anew.
        If mail is set up, its address is told. The caller must hold all that the role of the member may do. The
        body is optional. Requires `latchkey:members:write`. The body may have at most 64 KiB.

        :param id: The id. The id of another organization is answered like an unknown one.
        """
        return run(self._inner.reset(id, send=send, timeout=timeout))

    def remove(
        self,
        id: str,
        *,
        wait: Optional[Literal["applied"]] = None,
        management_keys: Optional[Literal["keep", "revoke"]] = None,
        if_revision: Union[str, Sequence[str], None] = None,
        timeout: Optional[float] = None,
    ) -> shapes.Departure:
        """Remove a member permanently.

        It may not act any more, and its sessions end. The keys that it has made are the organization's, and
        stay. The caller must hold all that the role of the member may do. Repeated, the call changes nothing.
        Requires `latchkey:members:write`.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        :param management_keys: What becomes of the keys with a `latchkey:` permission whose tokens the member
            has seen. Must be said if there are any.
        """
        return run(self._inner.remove(id, wait=wait, management_keys=management_keys, if_revision=if_revision, timeout=timeout))

    def erase(
        self,
        id: str,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.Member:
        """Erase a removed member.

        Its address, its name and its identities are deleted; its id, role and dates stay. For owners. Repeated,
        the call changes nothing. Requires `latchkey:members:write`.

        :param id: The id. The id of another organization is answered like an unknown one.
        """
        return run(self._inner.erase(id, timeout=timeout))


class Invitations:
    """Invites people, who become members."""

    def __init__(self, one: inner.AsyncInvitations) -> None:
        self._inner = one

    def list(
        self,
        *,
        organization_id: Optional[str] = None,
        status: Optional[Literal["pending", "accepted", "expired", "revoked", "all"]] = None,
        limit: Optional[int] = None,
        after: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> Page[shapes.Invitation]:
        """List invitations.

        Newest first. A caller outside the root organization lists those of its own organization. Requires
        `latchkey:members:read`.

        :param organization_id: Only invitations of this organization. The caller's own if absent; every one for
            the root organization.
        :param status: Only invitations of this status; pending ones if absent. If absent: `pending`.
        :param limit: Maximum number of items; a page of large items has fewer. If absent: `1000`.
        :param after: The cursor of the previous page.
        """
        return run(self._inner.list(organization_id=organization_id, status=status, limit=limit, after=after, timeout=timeout))

    def list_all(
        self,
        *,
        organization_id: Optional[str] = None,
        status: Optional[Literal["pending", "accepted", "expired", "revoked", "all"]] = None,
        limit: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> Iterator[shapes.Invitation]:
        """Gives every item of list(), page by page, as it is asked for."""
        after: Optional[str] = None
        while True:
            page = self.list(organization_id=organization_id, status=status, limit=limit, timeout=timeout, after=after)
            for item in page.items:
                yield item
            if page.next is None:
                return
            after = page.next

    def create(
        self,
        *,
        email: str,
        role: Literal["owner", "admin", "developer", "viewer", "auditor"],
        organization_id: Union[str, Unset] = UNSET,
        name: Union[Optional[str], Unset] = UNSET,
        send: Union[bool, Unset] = UNSET,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> shapes.Invitation:
        """Invite a person.

        The person becomes a member by the link in `url`, once and within 72 hours. An invitation for the same
        address ends. An organization has at most 50 pending ones. With `send`, the link goes by mail, and `url`
        is null if the mail server has taken it. The caller must hold all that the role may do. Requires
        `latchkey:members:write`. The body may have at most 64 KiB.
        """
        return run(self._inner.create(email=email, role=role, organization_id=organization_id, name=name, send=send, idempotency_key=idempotency_key, timeout=timeout))

    def get(
        self,
        id: str,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.Invitation:
        """Get an invitation.

        Requires `latchkey:members:read`.

        :param id: The id. The id of another organization is answered like an unknown one.
        """
        return run(self._inner.get(id, timeout=timeout))

    def renew(
        self,
        id: str,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.Invitation:
        """Renew an invitation.

        Gives it another link and 72 hours more. The link of before opens nothing any more. One that was sent by
        mail is sent anew. Requires `latchkey:members:write`.

        :param id: The id. The id of another organization is answered like an unknown one.
        """
        return run(self._inner.renew(id, timeout=timeout))

    def revoke(
        self,
        id: str,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.Done:
        """Revoke an invitation.

        Repeated, the call changes nothing. Requires `latchkey:members:write`.

        :param id: The id. The id of another organization is answered like an unknown one.
        """
        return run(self._inner.revoke(id, timeout=timeout))


class PortalSessions:
    """Makes, lists and ends the sessions of your users on their customers' page."""

    def __init__(self, one: inner.AsyncPortalSessions) -> None:
        self._inner = one

    def create(
        self,
        *,
        kind: Literal["link", "embed"],
        organization_id: str,
        user: shapes.GivenPortalUser,
        permissions: Sequence[str],
        prefixes: Union[Optional[Sequence[str]], Unset] = UNSET,
        expires_in_seconds: Union[int, Unset] = UNSET,
        origin: Union[Optional[str], Unset] = UNSET,
        return_url: Union[Optional[str], Unset] = UNSET,
        scheme: Union[Literal["auto", "light", "dark"], Unset] = UNSET,
        lang: Union[Optional[str], Unset] = UNSET,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> shapes.PortalSession:
        """Make a portal session.

        Lets a user of the operator’s see and change the keys of one organization: on the page behind `url`,
        which opens once and within five minutes, or in `<latchkey-keys>` with `token`. It ends after
        `expires_in_seconds`, and with the key or member that made it. Of a user’s more than 20 sessions, the
        oldest ends. Requires `latchkey:portal:write`. The body may have at most 64 KiB.
        """
        return run(self._inner.create(kind=kind, organization_id=organization_id, user=user, permissions=permissions, prefixes=prefixes, expires_in_seconds=expires_in_seconds, origin=origin, return_url=return_url, scheme=scheme, lang=lang, idempotency_key=idempotency_key, timeout=timeout))

    def list(
        self,
        *,
        organization_id: Optional[str] = None,
        user_id: Optional[str] = None,
        limit: Optional[int] = None,
        after: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> Page[shapes.PortalSession]:
        """List portal sessions.

        Newest first, with those that ended: they are kept for a day after they would have expired. Requires
        `latchkey:portal:write`.

        :param organization_id: Only sessions of this organization; of every one if absent.
        :param user_id: Only those of this user.
        :param limit: Maximum number of items; a page of large items has fewer. If absent: `1000`.
        :param after: The cursor of the previous page.
        """
        return run(self._inner.list(organization_id=organization_id, user_id=user_id, limit=limit, after=after, timeout=timeout))

    def list_all(
        self,
        *,
        organization_id: Optional[str] = None,
        user_id: Optional[str] = None,
        limit: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> Iterator[shapes.PortalSession]:
        """Gives every item of list(), page by page, as it is asked for."""
        after: Optional[str] = None
        while True:
            page = self.list(organization_id=organization_id, user_id=user_id, limit=limit, timeout=timeout, after=after)
            for item in page.items:
                yield item
            if page.next is None:
                return
            after = page.next

    def end_all(
        self,
        *,
        organization_id: Optional[str] = None,
        user_id: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> shapes.Done:
        """End the portal sessions of a user.

        Ends all sessions of a user, or of a whole organization. Repeated, the call changes nothing. Requires
        `latchkey:portal:write`.

        :param organization_id: The organization of the sessions.
        :param user_id: Only those of this user.
        """
        return run(self._inner.end_all(organization_id=organization_id, user_id=user_id, timeout=timeout))

    def end(
        self,
        id: str,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.Done:
        """End a portal session.

        Repeated, the call changes nothing. Requires `latchkey:portal:write`.

        :param id: The id. The id of another organization is answered like an unknown one.
        """
        return run(self._inner.end(id, timeout=timeout))

    def forget_user(
        self,
        organization_id: str,
        user_id: str,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.Done:
        """Forget a portal user.

        Ends the sessions of a user, and forgets its name. Repeated, the call changes nothing. Requires
        `latchkey:portal:write`.

        :param organization_id: The id of the organization.
        :param user_id: The id of the user, which is the operator’s own: any text, percent-encoded.
        """
        return run(self._inner.forget_user(organization_id, user_id, timeout=timeout))


class Webhooks:
    """To where events are sent, and what became of each."""

    def __init__(self, one: inner.AsyncWebhooks) -> None:
        self._inner = one

    def create(
        self,
        *,
        url: str,
        events: Sequence[str],
        description: Union[Optional[str], Unset] = UNSET,
        organization_id: Union[str, Unset] = UNSET,
        source_organization_id: Union[Optional[str], Unset] = UNSET,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> shapes.CreatedWebhook:
        """Create a webhook.

        Events are posted to its URL from now on, signed as Standard Webhooks has it. The answer is the only one
        that contains the secret. An organization has at most 20. Requires `latchkey:webhooks:write`. The body
        may have at most 64 KiB.
        """
        return run(self._inner.create(url=url, events=events, description=description, organization_id=organization_id, source_organization_id=source_organization_id, idempotency_key=idempotency_key, timeout=timeout))

    def list(
        self,
        *,
        organization_id: Optional[str] = None,
        limit: Optional[int] = None,
        after: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> Page[shapes.Webhook]:
        """List webhooks.

        The oldest first: those of the caller's organization; all for the root organization. Requires
        `latchkey:webhooks:read`.

        :param organization_id: Only those of this organization. The caller's own if absent; all for the root
            organization.
        :param limit: Maximum number of items; a page of large items has fewer. If absent: `1000`.
        :param after: The cursor of the previous page.
        """
        return run(self._inner.list(organization_id=organization_id, limit=limit, after=after, timeout=timeout))

    def list_all(
        self,
        *,
        organization_id: Optional[str] = None,
        limit: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> Iterator[shapes.Webhook]:
        """Gives every item of list(), page by page, as it is asked for."""
        after: Optional[str] = None
        while True:
            page = self.list(organization_id=organization_id, limit=limit, timeout=timeout, after=after)
            for item in page.items:
                yield item
            if page.next is None:
                return
            after = page.next

    def get(
        self,
        id: str,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.Webhook:
        """Get a webhook.

        Tells whether its receiver takes what is sent. Requires `latchkey:webhooks:read`.

        :param id: The id. The id of another organization is answered like an unknown one.
        """
        return run(self._inner.get(id, timeout=timeout))

    def update(
        self,
        id: str,
        *,
        url: Union[str, Unset] = UNSET,
        events: Union[Sequence[str], Unset] = UNSET,
        description: Union[Optional[str], Unset] = UNSET,
        enabled: Union[bool, Unset] = UNSET,
        resume_from: Union[Literal["stopped", "now"], Unset] = UNSET,
        wait: Optional[Literal["applied"]] = None,
        if_revision: Union[str, Sequence[str], None] = None,
        timeout: Optional[float] = None,
    ) -> shapes.ChangedWebhook:
        """Change a webhook.

        Changes the given fields and keeps the rest. `enabled` stops it, or lets it go on: from where it
        stopped, 30 days back at most, or with what comes now. Requires `latchkey:webhooks:write`. The body may
        have at most 64 KiB.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.update(id, url=url, events=events, description=description, enabled=enabled, resume_from=resume_from, wait=wait, if_revision=if_revision, timeout=timeout))

    def delete(
        self,
        id: str,
        *,
        wait: Optional[Literal["applied"]] = None,
        if_revision: Union[str, Sequence[str], None] = None,
        timeout: Optional[float] = None,
    ) -> shapes.ChangeDone:
        """Delete a webhook.

        Nothing more is sent, and what was not delivered is forgotten. Requires `latchkey:webhooks:write`.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.delete(id, wait=wait, if_revision=if_revision, timeout=timeout))

    def rotate(
        self,
        id: str,
        *,
        grace_seconds: Union[int, Unset] = UNSET,
        wait: Optional[Literal["applied"]] = None,
        if_revision: Union[str, Sequence[str], None] = None,
        idempotency_key: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> shapes.RotatedWebhook:
        """Rotate the secret of a webhook.

        For `grace_seconds` each message has two signatures, one by the old secret and one by the new. The
        answer is the only one that contains the new secret. The body is optional. Requires
        `latchkey:webhooks:write`. The body may have at most 64 KiB.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param wait: Answer when every live process has confirmed the change, or after 2 s.
        """
        return run(self._inner.rotate(id, grace_seconds=grace_seconds, wait=wait, if_revision=if_revision, idempotency_key=idempotency_key, timeout=timeout))

    def test(
        self,
        id: str,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.WebhookTest:
        """Send a test message.

        Sends a message of the type `webhook.test` once, and waits up to 15 seconds for what becomes of it.
        Requires `latchkey:webhooks:write`.

        :param id: The id. The id of another organization is answered like an unknown one.
        """
        return run(self._inner.test(id, timeout=timeout))

    def replay(
        self,
        id: str,
        *,
        since: datetime,
        timeout: Optional[float] = None,
    ) -> shapes.Webhook:
        """Send events once more.

        All of its events since an instant, 30 days back at most, under the same ids. One that is disabled sends
        them once it is enabled. Requires `latchkey:webhooks:write`. The body may have at most 64 KiB.

        :param id: The id. The id of another organization is answered like an unknown one.
        """
        return run(self._inner.replay(id, since=since, timeout=timeout))

    def list_deliveries(
        self,
        id: str,
        *,
        state: Optional[Literal["pending", "delivered", "failed"]] = None,
        limit: Optional[int] = None,
        after: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> Page[shapes.Delivery]:
        """List deliveries.

        What became of each event that was tried, the newest event first. Those that were delivered or given up
        are kept for 30 days. Requires `latchkey:webhooks:read`.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param state: Only those in this state.
        :param limit: Maximum number of items; a page of large items has fewer. If absent: `1000`.
        :param after: The cursor of the previous page.
        """
        return run(self._inner.list_deliveries(id, state=state, limit=limit, after=after, timeout=timeout))

    def list_all_deliveries(
        self,
        id: str,
        *,
        state: Optional[Literal["pending", "delivered", "failed"]] = None,
        limit: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> Iterator[shapes.Delivery]:
        """Gives every item of list_deliveries(), page by page, as it is asked for."""
        after: Optional[str] = None
        while True:
            page = self.list_deliveries(id, state=state, limit=limit, timeout=timeout, after=after)
            for item in page.items:
                yield item
            if page.next is None:
                return
            after = page.next

    def retry_delivery(
        self,
        id: str,
        delivery_id: str,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.Delivery:
        """Send an event again.

        Now, whatever became of it: the same message, under the same id. One of a disabled webhook waits until
        that is enabled. Requires `latchkey:webhooks:write`.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param delivery_id: The id of the delivery, which is that of its event.
        """
        return run(self._inner.retry_delivery(id, delivery_id, timeout=timeout))


class Audit:
    """Reads the audit log: every change, and its actor."""

    def __init__(self, one: inner.AsyncAudit) -> None:
        self._inner = one

    def list(
        self,
        *,
        organization_id: Optional[str] = None,
        key_id: Optional[str] = None,
        actor: Optional[str] = None,
        action: Optional[Literal["organization.created", "organization.updated", "organization.suspended", "organization.resumed", "key.created", "key.updated", "key.rotated", "key.token_replayed", "key.secret_ended", "key.grace_ended", "key.expiring", "key.expired", "key.dormant", "key.decoy_tried", "key.suspended", "key.resumed", "key.revoked", "key.exposed", "key.exposure_cleared", "key.places_forgotten", "key.prefixes_set", "key.permissions_described", "session.started", "session.refreshed", "session.ended", "limit.reached", "limit.units_added", "limit.units_lost", "limit.overdrawn", "plan.created", "plan.updated", "plan.deleted", "policy.set", "member.updated", "member.suspended", "member.resumed", "member.reset", "member.removed", "member.erased", "member.joined", "member.identity_added", "member.identity_removed", "invitation.created", "invitation.renewed", "invitation.sent", "invitation.revoked", "invitation.accepted", "portal_session.created", "portal_session.opened", "portal_session.ended", "portal_user.forgotten", "log.signer_added", "log.checkpoint", "log.erased", "webhook.created", "webhook.updated", "webhook.rotated", "webhook.replayed", "webhook.retried", "webhook.deleted", "webhook.disabled", "log.restored"]] = None,
        since: Optional[datetime] = None,
        until: Optional[datetime] = None,
        limit: Optional[int] = None,
        after: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> Page[shapes.AuditEvent]:
        """List audit events.

        Newest first. A key outside the root organization lists the events of its own organization only.
        Requires `latchkey:audit:read`.

        :param organization_id: Only events of this organization. The caller's own if absent; all for the root
            organization.
        :param key_id: Only changes to this key.
        :param actor: Only changes by this key, member or user, by its id.
        :param action: Only changes of this kind.
        :param since: Only events at or after this instant.
        :param until: Only events before this instant.
        :param limit: Maximum number of items; a page of large items has fewer. If absent: `1000`.
        :param after: The cursor of the previous page.
        """
        return run(self._inner.list(organization_id=organization_id, key_id=key_id, actor=actor, action=action, since=since, until=until, limit=limit, after=after, timeout=timeout))

    def list_all(
        self,
        *,
        organization_id: Optional[str] = None,
        key_id: Optional[str] = None,
        actor: Optional[str] = None,
        action: Optional[Literal["organization.created", "organization.updated", "organization.suspended", "organization.resumed", "key.created", "key.updated", "key.rotated", "key.token_replayed", "key.secret_ended", "key.grace_ended", "key.expiring", "key.expired", "key.dormant", "key.decoy_tried", "key.suspended", "key.resumed", "key.revoked", "key.exposed", "key.exposure_cleared", "key.places_forgotten", "key.prefixes_set", "key.permissions_described", "session.started", "session.refreshed", "session.ended", "limit.reached", "limit.units_added", "limit.units_lost", "limit.overdrawn", "plan.created", "plan.updated", "plan.deleted", "policy.set", "member.updated", "member.suspended", "member.resumed", "member.reset", "member.removed", "member.erased", "member.joined", "member.identity_added", "member.identity_removed", "invitation.created", "invitation.renewed", "invitation.sent", "invitation.revoked", "invitation.accepted", "portal_session.created", "portal_session.opened", "portal_session.ended", "portal_user.forgotten", "log.signer_added", "log.checkpoint", "log.erased", "webhook.created", "webhook.updated", "webhook.rotated", "webhook.replayed", "webhook.retried", "webhook.deleted", "webhook.disabled", "log.restored"]] = None,
        since: Optional[datetime] = None,
        until: Optional[datetime] = None,
        limit: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> Iterator[shapes.AuditEvent]:
        """Gives every item of list(), page by page, as it is asked for."""
        after: Optional[str] = None
        while True:
            page = self.list(organization_id=organization_id, key_id=key_id, actor=actor, action=action, since=since, until=until, limit=limit, timeout=timeout, after=after)
            for item in page.items:
                yield item
            if page.next is None:
                return
            after = page.next

    def export(
        self,
        *,
        organization_id: Optional[str] = None,
        key_id: Optional[str] = None,
        actor: Optional[str] = None,
        action: Optional[Literal["organization.created", "organization.updated", "organization.suspended", "organization.resumed", "key.created", "key.updated", "key.rotated", "key.token_replayed", "key.secret_ended", "key.grace_ended", "key.expiring", "key.expired", "key.dormant", "key.decoy_tried", "key.suspended", "key.resumed", "key.revoked", "key.exposed", "key.exposure_cleared", "key.places_forgotten", "key.prefixes_set", "key.permissions_described", "session.started", "session.refreshed", "session.ended", "limit.reached", "limit.units_added", "limit.units_lost", "limit.overdrawn", "plan.created", "plan.updated", "plan.deleted", "policy.set", "member.updated", "member.suspended", "member.resumed", "member.reset", "member.removed", "member.erased", "member.joined", "member.identity_added", "member.identity_removed", "invitation.created", "invitation.renewed", "invitation.sent", "invitation.revoked", "invitation.accepted", "portal_session.created", "portal_session.opened", "portal_session.ended", "portal_user.forgotten", "log.signer_added", "log.checkpoint", "log.erased", "webhook.created", "webhook.updated", "webhook.rotated", "webhook.replayed", "webhook.retried", "webhook.deleted", "webhook.disabled", "log.restored"]] = None,
        since: Optional[datetime] = None,
        until: Optional[datetime] = None,
        timeout: Optional[float] = None,
    ) -> SyncExport[shapes.AuditEvent]:
        """Download audit events.

        Every matching event, newest first. In CSV, a cell that a spreadsheet would evaluate as a formula begins
        with an apostrophe, and `changes` is JSON. If the transfer breaks off, the file is incomplete. Requires
        `latchkey:audit:read`.

        :param organization_id: Only events of this organization. The caller's own if absent; all for the root
            organization.
        :param key_id: Only changes to this key.
        :param actor: Only changes by this key, member or user, by its id.
        :param action: Only changes of this kind.
        :param since: Only events at or after this instant.
        :param until: Only events before this instant.
        """
        return SyncExport(self._inner.export(organization_id=organization_id, key_id=key_id, actor=actor, action=action, since=since, until=until, timeout=timeout))

    def erase(
        self,
        *,
        event_ids: Union[Sequence[str], Unset] = UNSET,
        organization_id: Union[str, Unset] = UNSET,
        key_id: Union[str, Unset] = UNSET,
        actor: Union[str, Unset] = UNSET,
        before: Union[datetime, Unset] = UNSET,
        after: Union[str, Unset] = UNSET,
        timeout: Optional[float] = None,
    ) -> shapes.Erased:
        """Erase what events tell.

        Permanently, and for keys of the root organization only: who made the changes, from where, and what they
        were. At most 200 events a call; go on with `next`. The leaves stay, so the log still verifies, and an
        event `log.erased` names the events. Requires `latchkey:audit:write`. The body may have at most 64 KiB.
        """
        return run(self._inner.erase(event_ids=event_ids, organization_id=organization_id, key_id=key_id, actor=actor, before=before, after=after, timeout=timeout))

    def read_checkpoint(
        self,
        *,
        organization_id: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> shapes.Checkpoint:
        """Get a checkpoint of the log.

        The size and the root of the log as it is now, in a signed note. Keep the note: then nobody can rewrite
        what was in the log. Without a keyring, the note has no signature. Requires `latchkey:audit:read`.

        :param organization_id: The log of this organization. The caller's own if absent; that of all for the
            root organization.
        """
        return run(self._inner.read_checkpoint(organization_id=organization_id, timeout=timeout))

    def list_checkpoints(
        self,
        *,
        organization_id: Optional[str] = None,
        limit: Optional[int] = None,
        after: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> Page[shapes.KeptCheckpoint]:
        """List the checkpoints that were kept.

        The hourly checkpoints of the log that this instance has kept, the smallest first; since a restore,
        those from then on. Requires `latchkey:audit:read`.

        :param organization_id: The log of this organization. The caller's own if absent; that of all for the
            root organization.
        :param limit: Maximum number of items; a page of large items has fewer. If absent: `1000`.
        :param after: The cursor of the previous page.
        """
        return run(self._inner.list_checkpoints(organization_id=organization_id, limit=limit, after=after, timeout=timeout))

    def list_all_checkpoints(
        self,
        *,
        organization_id: Optional[str] = None,
        limit: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> Iterator[shapes.KeptCheckpoint]:
        """Gives every item of list_checkpoints(), page by page, as it is asked for."""
        after: Optional[str] = None
        while True:
            page = self.list_checkpoints(organization_id=organization_id, limit=limit, timeout=timeout, after=after)
            for item in page.items:
                yield item
            if page.next is None:
                return
            after = page.next

    def list_sealed(
        self,
        *,
        organization_id: Optional[str] = None,
        limit: Optional[int] = None,
        after: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> Page[shapes.SealedEvent]:
        """List the log as it is sealed.

        In the order of the log, with the leaves and their salts: what `latchkey audit verify` takes. Only root
        keys get `origin`. Requires `latchkey:audit:read`.

        :param organization_id: The log of this organization. The caller's own if absent; that of all for the
            root organization.
        :param limit: Maximum number of events. If absent: `100`.
        :param after: The cursor of the previous page.
        """
        return run(self._inner.list_sealed(organization_id=organization_id, limit=limit, after=after, timeout=timeout))

    def list_all_sealed(
        self,
        *,
        organization_id: Optional[str] = None,
        limit: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> Iterator[shapes.SealedEvent]:
        """Gives every item of list_sealed(), page by page, as it is asked for."""
        after: Optional[str] = None
        while True:
            page = self.list_sealed(organization_id=organization_id, limit=limit, timeout=timeout, after=after)
            for item in page.items:
                yield item
            if page.next is None:
                return
            after = page.next

    def prove_event(
        self,
        *,
        organization_id: Optional[str] = None,
        sequence: Optional[int] = None,
        size: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> shapes.EventProof:
        """Prove that an event is in the log.

        The hashes that lead from the leaf of an event to the root of the log (RFC 6962, section 2.1.1).
        Requires `latchkey:audit:read`.

        :param organization_id: The log of this organization. The caller's own if absent; that of all for the
            root organization.
        :param sequence: The number of the event in the log: its `sequence`, or in the log of all its
            `position`.
        :param size: How many events the log had, as its checkpoint says; as many as now if absent.
        """
        return run(self._inner.prove_event(organization_id=organization_id, sequence=sequence, size=size, timeout=timeout))

    def prove_growth(
        self,
        *,
        organization_id: Optional[str] = None,
        from_: Optional[int] = None,
        size: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> shapes.GrowthProof:
        """Prove that the log only grew.

        The hashes that show that the log goes on from what it was (RFC 6962, section 2.1.2). Requires
        `latchkey:audit:read`.

        :param organization_id: The log of this organization. The caller's own if absent; that of all for the
            root organization.
        :param from_: How many events the log had before.
        :param size: How many events the log had, as its checkpoint says; as many as now if absent.
        """
        return run(self._inner.prove_growth(organization_id=organization_id, from_=from_, size=size, timeout=timeout))

    def list_signers(
        self,
        *,
        timeout: Optional[float] = None,
    ) -> List[shapes.LogSigner]:
        """List who signs checkpoints.

        The public keys of the instance, as signed notes have them (C2SP). Keep them apart from the server.
        Requires `latchkey:audit:read`.
        """
        return run(self._inner.list_signers(timeout=timeout))

    def rotate_signer(
        self,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.LogSigner:
        """Rotate the key that signs checkpoints.

        For keys of the root organization only. The new key signs from now on; those of before sign beside it
        for 30 days. An event tells of it. Requires `latchkey:audit:write`.
        """
        return run(self._inner.rotate_signer(timeout=timeout))


class Events:
    """Reads events in the order of the log."""

    def __init__(self, one: inner.AsyncEvents) -> None:
        self._inner = one

    def read(
        self,
        *,
        organization_id: Optional[str] = None,
        after: Optional[str] = None,
        types: Optional[Sequence[str]] = None,
        limit: Optional[int] = None,
        wait_seconds: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> shapes.EventsPage:
        """Read or follow events.

        In the order of the log. With `wait_seconds`, the answer waits for an event if there is none yet. With
        `Accept: text/event-stream`, the answer is a stream of server-sent events that does not end: each has
        its `cursor` as the id, its `action` as the type and the event as JSON; `Last-Event-ID` takes the place
        of `after`. A cursor from before the database was restored is 410 `cursor_gone`. Requires
        `latchkey:audit:read`.

        :param organization_id: Only events of this organization, by its `sequence`. The caller's own if absent;
            all, by their `position`, for the root organization.
        :param after: Only events behind this one: a `cursor` of an earlier answer, or a number. From the
            beginning if absent.
        :param types: Only events of these actions, such as `key.created`, or groups of them, such as `key.*`.
        :param limit: Maximum number of events. If absent: `100`.
        :param wait_seconds: How long to wait for an event if there is none yet. If absent: `0`.
        """
        return run(self._inner.read(organization_id=organization_id, after=after, types=types, limit=limit, wait_seconds=wait_seconds, timeout=timeout))


class Usage:
    """Reads how many calls there were, and how many units they drew."""

    def __init__(self, one: inner.AsyncUsage) -> None:
        self._inner = one

    def read(
        self,
        *,
        since: Optional[datetime] = None,
        until: Optional[datetime] = None,
        by: Optional[Literal["hour", "day", "month", "total"]] = None,
        organization_id: Optional[str] = None,
        key_id: Optional[str] = None,
        key_ids: Optional[Sequence[str]] = None,
        group: Optional[Literal["none", "key", "organization", "code", "permission"]] = None,
        sort: Optional[Literal["-calls", "-valid", "-refused"]] = None,
        limit: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> UsageFigures:
        """Read usage.

        How many verdicts there were, and how many units were drawn. Without groups a row for each period, else
        rows of the groups with calls. Processes write what they count within ten seconds. A key outside the
        root organization sees the usage of its own organization. Requires `latchkey:usage:read`.

        :param since: From the period that holds this instant on; if absent, 30 days before `until`, or 7 to
            compare the keys or permissions of all organizations.
        :param until: Up to the period that holds the instant before this one; now if absent.
        :param by: A row for each period, by UTC, or one row for the whole range. By hour a range has at most 35
            days, by day 800. If absent: `day`.
        :param organization_id: Only calls with keys of this organization. The caller's own if absent; all for
            the root organization.
        :param key_id: Only calls with this key.
        :param key_ids: Only calls with these keys, at most 50, with `group=key`: rows of those with calls,
            whichever the top ones are. Keys that the caller may not see have none.
        :param group: Rows for each of these, the top ones first. A call counts for each permission that it
            asked for, over whole days, at most 90. If absent: `none`.
        :param sort: Of groups, the ones with most calls come first, or valid, or refused ones. If absent:
            `-calls`.
        :param limit: Maximum number of groups. If absent: `10`.
        """
        return run(self._inner.read(since=since, until=until, by=by, organization_id=organization_id, key_id=key_id, key_ids=key_ids, group=group, sort=sort, limit=limit, timeout=timeout))

    def read_key(
        self,
        id: str,
        *,
        since: Optional[datetime] = None,
        until: Optional[datetime] = None,
        by: Optional[Literal["hour", "day", "month", "total"]] = None,
        group: Optional[Literal["none", "code", "permission"]] = None,
        sort: Optional[Literal["-calls", "-valid", "-refused"]] = None,
        limit: Optional[int] = None,
        timeout: Optional[float] = None,
    ) -> UsageFigures:
        """Read the usage of a key.

        As `GET /v1/usage`, of one key, revoked or not. Requires `latchkey:usage:read`.

        :param id: The id. The id of another organization is answered like an unknown one.
        :param since: From the period that holds this instant on; 30 days before `until` if absent.
        :param until: Up to the period that holds the instant before this one; now if absent.
        :param by: A row for each period, by UTC, or one row for the whole range. By hour a range has at most 35
            days, by day 800. If absent: `day`.
        :param group: Rows for each of these. A call counts for each permission that it asked for, over whole
            days, at most 90. If absent: `none`.
        :param sort: Of groups, the ones with most calls come first, or valid, or refused ones. If absent:
            `-calls`.
        :param limit: Maximum number of groups. If absent: `10`.
        """
        return run(self._inner.read_key(id, since=since, until=until, by=by, group=group, sort=sort, limit=limit, timeout=timeout))

    def export(
        self,
        *,
        since: Optional[datetime] = None,
        until: Optional[datetime] = None,
        by: Optional[Literal["hour", "day", "month"]] = None,
        organization_id: Optional[str] = None,
        key_id: Optional[str] = None,
        timeout: Optional[float] = None,
    ) -> SyncExport[Dict[str, Any]]:
        """Export usage.

        What was counted of each key in closed periods, which never change: an hour closes 15 minutes after its
        end, a day and a month some time after their last hour. What is written later is counted in a later
        hour, and in its `late`. `Latchkey-Closed-Until` tells where the file ends. A key outside the root
        organization gets the usage of its own organization. Requires `latchkey:usage:read`.

        :param since: From the period that holds this instant on; 30 days before `until` if absent.
        :param until: Up to the period that holds the instant before this one; all that is closed if absent.
        :param by: Rows for each period, by UTC. If absent: `day`.
        :param organization_id: Only calls with keys of this organization. The caller's own if absent; all for
            the root organization.
        :param key_id: Only calls with this key.
        """
        return SyncExport(self._inner.export(since=since, until=until, by=by, organization_id=organization_id, key_id=key_id, timeout=timeout))


class Leaks:
    """Reports tokens that stand where they must not, and tells which of them are live."""

    def __init__(self, one: inner.AsyncLeaks) -> None:
        self._inner = one

    def report(
        self,
        *,
        keys: Sequence[str],
        url: Union[str, Unset] = UNSET,
        timeout: Optional[float] = None,
    ) -> shapes.Done:
        """Report leaked tokens.

        Whoever shows a whole token may report it: nobody need sign in. Every report is written down before it
        is answered, and the answer is the same for any token, live or not. A moment later the newest token of a
        key meets the policy (`on_leak`; `revoke` without one), an old token in its grace ends, and the owner is
        told by the event `key.exposed`. From one address (of IPv6, a /48) come at most 60 reports and 2,000
        tokens an hour. The body may have at most 1024 KiB.
        """
        return run(self._inner.report(keys=keys, url=url, timeout=timeout))

    def find(
        self,
        *,
        tokens: Sequence[shapes.ShownToken],
        timeout: Optional[float] = None,
    ) -> shapes.FoundLeaks:
        """Find out which leaked tokens are live.

        By kid and SHA-256, for up to 1000 tokens: nobody need send a token. It counts as no use of their keys,
        and draws from no limit. For a key outside the root organization, tokens of other organizations are
        `unknown`. Requires `latchkey:keys:verify`. The body may have at most 256 KiB.
        """
        return run(self._inner.find(tokens=tokens, timeout=timeout))


class Sessions:
    """Lists and ends the sessions of the calling key."""

    def __init__(self, one: inner.AsyncSessions) -> None:
        self._inner = one

    def list(
        self,
        *,
        timeout: Optional[float] = None,
    ) -> List[shapes.Session]:
        """List sessions.

        The live sessions of the calling key, newest first. Requires no permission.
        """
        return run(self._inner.list(timeout=timeout))

    def end(
        self,
        id: str,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.Done:
        """Sign out.

        Ends a session of the calling key permanently. `self` is the calling session; a request with a token has
        none. Requires no permission.

        :param id: The id. The id of another organization is answered like an unknown one.
        """
        return run(self._inner.end(id, timeout=timeout))


class Oauth:
    """The calls of OAuth 2.0."""

    def __init__(self, one: inner.AsyncOauth) -> None:
        self._inner = one

    def introspect(
        self,
        token: str,
        *,
        token_type_hint: Union[str, Unset] = UNSET,
        permission: Union[Sequence[str], Unset] = UNSET,
        prefix: Union[str, Unset] = UNSET,
        cost: Union[str, Unset] = UNSET,
        ip: Union[str, Unset] = UNSET,
        timeout: Optional[float] = None,
    ) -> shapes.Introspection:
        """Verify a token as RFC 7662 has it.

        OAuth 2.0 Token Introspection, for gateways and libraries that speak it. The calling key shows its token
        as Bearer, or as the password of HTTP Basic with any user name. A token that is refused, for whatever
        reason, is not active, and nothing more is said of it. For a key outside the root organization, tokens
        of other organizations are not active. A call draws from limits as `POST /v1/keys/verify` does. Unknown
        fields are ignored. Requires `latchkey:keys:verify`. The body may have at most 64 KiB.
        """
        return run(self._inner.introspect(token, token_type_hint=token_type_hint, permission=permission, prefix=prefix, cost=cost, ip=ip, timeout=timeout))

    def revoke(
        self,
        token: str,
        *,
        token_type_hint: Union[str, Unset] = UNSET,
        timeout: Optional[float] = None,
    ) -> None:
        """Revoke a token as RFC 7009 has it.

        OAuth 2.0 Token Revocation. Revokes the key of the token; of an old token in its grace, ends the grace
        alone. Whoever has the token may: without `Authorization` its own key acts. With `Authorization`, as
        Bearer or HTTP Basic, that key acts, and needs `latchkey:keys:write` unless the token is its own; a
        token of another organization changes nothing then. A token that opens nothing is answered like one that
        was revoked. The body may have at most 64 KiB.
        """
        run(self._inner.revoke(token, token_type_hint=token_type_hint, timeout=timeout))

    def read_metadata(
        self,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.ServerMetadata:
        """Get the metadata of the server as RFC 8414 has it.

        OAuth 2.0 Authorization Server Metadata: where to introspect and revoke tokens. Needs the setting
        `LATCHKEY_PUBLIC_URL`.
        """
        return run(self._inner.read_metadata(timeout=timeout))


class Verifiers:
    """What a verifier asks of the server."""

    def __init__(self, one: inner.AsyncVerifiers) -> None:
        self._inner = one

    def latest_change(
        self,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.LatestChange:
        """Get the number of the last change.

        `age_ms` ago, and until the answer was written as far as the server knows, there was no later change. If
        it cannot be sure, it answers `store_unavailable`. For a key outside the root organization: `sequence`
        then counts the changes of its keys, of itself and of plans, and `age_ms` is rounded up to half a
        second. No use of the calling key. Requires `latchkey:keys:verify`.
        """
        return run(self._inner.latest_change(timeout=timeout))

    def read_facts(
        self,
        key: str,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.Facts:
        """Get the facts of a token.

        For verifiers, which evaluate the facts themselves: no verdict, and no use is noted. `secret` is null if
        the token is malformed or unknown to the caller. `Latchkey-Call` tells of the call that it is for, as
        `ip=…&user_agent=…&operation=…`: if the token is one of a decoy, its event says so. The header
        `Latchkey-Judges` names what the verifier can judge, of `organization, line, limits, suspended,
        not_before, ips`. Facts with anything else serve for a single call: `sequence` is null, and the server
        draws the default cost of the limits for that call, or answers `limit_exceeded`. A key is told as
        revoked to a verifier that cannot judge why it is refused: because it is suspended, not valid yet, or
        bound to addresses. The facts include every change up to `sequence`, and were true `age_ms` ago. For a
        key outside the root organization, both are as in `GET /v1/changes/latest`. Requires
        `latchkey:keys:verify`. The body may have at most 64 KiB.
        """
        return run(self._inner.read_facts(key, timeout=timeout))

    def report_uses(
        self,
        uses: Sequence[shapes.Use],
        *,
        timeout: Optional[float] = None,
    ) -> shapes.Done:
        """Report uses of secrets.

        Sets `last_used_at`, never backwards and never to the future. Ignores secrets that are unknown to the
        caller. Requires `latchkey:keys:verify`. The body may have at most 256 KiB.
        """
        return run(self._inner.report_uses(uses, timeout=timeout))

    def draw(
        self,
        *,
        verifier: str,
        sequence: int,
        counters: Sequence[shapes.AskedCounter],
        server: Union[Optional[str], Unset] = UNSET,
        timeout: Optional[float] = None,
    ) -> shapes.Grants:
        """Draw units of limits.

        For verifiers, which spend units in memory: each message says what became of the units that the verifier
        holds, and what it needs; one is under way at a time. The server decides how many it grants. Units may
        be spent while the lease of the answer holds, and a message without counters renews it. Units of a
        verifier that is silent for longer count as spent. For a key outside the root organization, limits of
        other organizations do not exist. Requires `latchkey:keys:verify`. The body may have at most 512 KiB.
        """
        return run(self._inner.draw(verifier=verifier, sequence=sequence, counters=counters, server=server, timeout=timeout))

    def report(
        self,
        *,
        source: str,
        number: int,
        counts: Sequence[shapes.ReportedCount],
        uses: Sequence[shapes.Use],
        profiles: Union[Sequence[shapes.ReportedProfile], Unset] = UNSET,
        timeout: Optional[float] = None,
    ) -> shapes.UsageReported:
        """Report what a verifier has counted.

        For verifiers, which judge tokens elsewhere. The answer comes when the report is written. One that is
        sent again, to any server, changes nothing if it was written: so a report without an answer must be sent
        again as it was. Ignores keys and secrets that are unknown to the caller. `uses` moves `last_used_at`,
        never backwards and never to the future. Requires `latchkey:keys:verify`. The body may have at most 512
        KiB.
        """
        return run(self._inner.report(source=source, number=number, counts=counts, uses=uses, profiles=profiles, timeout=timeout))


class Operation:
    """Health and readiness of the server."""

    def __init__(self, one: inner.AsyncOperation) -> None:
        self._inner = one

    def check_health(
        self,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.Status:
        """Check liveness."""
        return run(self._inner.check_health(timeout=timeout))

    def check_readiness(
        self,
        *,
        timeout: Optional[float] = None,
    ) -> shapes.Status:
        """Check readiness."""
        return run(self._inner.check_readiness(timeout=timeout))

    def read_metrics(
        self,
        *,
        timeout: Optional[float] = None,
    ) -> str:
        """Get metrics for Prometheus."""
        return run(self._inner.read_metrics(timeout=timeout))

    def read_openapi(
        self,
        *,
        timeout: Optional[float] = None,
    ) -> Dict[str, Any]:
        """Get the OpenAPI document."""
        return run(self._inner.read_openapi(timeout=timeout))
