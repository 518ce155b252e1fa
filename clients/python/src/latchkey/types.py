"""The shapes of what the API takes and answers. Written by tools/generate.py from the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Dict, List, Literal, Optional, TypedDict, Union


class _AddUnits(TypedDict):
    #: How many units to add; negative to take some away.
    add: int


class AddUnits(_AddUnits, total=False):
    """The shape AddUnits of the API."""

    #: Your own id of what was bought: the same one adds once, however often it comes.
    reference: str


class Applied(TypedDict):
    """The shape Applied of the API."""

    #: Whether every live process confirmed.
    confirmed: bool
    #: How long the wait took: about two seconds at most.
    milliseconds: int
    #: The processes (host:pid) that did not confirm; what they cached has expired. For keys outside the
    #: root organization the names are process-1 and so on.
    silent: List[str]


class _AskedCounter(TypedDict):
    scope: Literal["key", "organization", "ancestor"]
    #: The name of the limit.
    name: str
    epoch: int
    #: How many units it holds and keeps. The rest was spent.
    unspent: int
    #: What calls that wait need, all together.
    need: int
    #: How many units it wants to hold. The server decides.
    want: int


class AskedCounter(_AskedCounter, total=False):
    """The shape AskedCounter of the API."""

    #: The key whose limit it is, itself or as an ancestor of the verified one.
    key_id: str
    #: The organization whose limit it is.
    organization_id: str
    #: Of two limits with one name, a rate and a quota: which of them.
    kind: Literal["rate", "quota"]
    #: The period of the units that it holds, as the last answer gave it. If absent: `0`.
    period: int
    #: How many of the units that it held come back. If absent: `0`.
    back: int
    #: How many units of the last `given` no call took. If absent: `0`.
    unused: int
    #: What the cheapest of these calls needs. If absent: `0`.
    least: int


class AuditEvent(TypedDict):
    """The shape AuditEvent of the API."""

    #: The id of the event, a UUID.
    id: str
    #: When the change was made.
    at: datetime
    #: What was done.
    action: Literal["organization.created", "organization.updated", "organization.suspended", "organization.resumed", "key.created", "key.updated", "key.rotated", "key.token_replayed", "key.secret_ended", "key.grace_ended", "key.expiring", "key.expired", "key.dormant", "key.decoy_tried", "key.suspended", "key.resumed", "key.revoked", "key.exposed", "key.exposure_cleared", "key.places_forgotten", "key.prefixes_set", "key.permissions_described", "session.started", "session.refreshed", "session.ended", "limit.reached", "limit.units_added", "limit.units_lost", "limit.overdrawn", "plan.created", "plan.updated", "plan.deleted", "policy.set", "member.updated", "member.suspended", "member.resumed", "member.reset", "member.removed", "member.erased", "member.joined", "member.identity_added", "member.identity_removed", "invitation.created", "invitation.renewed", "invitation.sent", "invitation.revoked", "invitation.accepted", "portal_session.created", "portal_session.opened", "portal_session.ended", "portal_user.forgotten", "log.signer_added", "log.checkpoint", "log.erased", "webhook.created", "webhook.updated", "webhook.rotated", "webhook.replayed", "webhook.retried", "webhook.deleted", "webhook.disabled", "log.restored"]
    #: The id of the key, member or user that made the change; null for the operator and for Latchkey
    #: itself.
    actor: Optional[str]
    #: The kind of actor that made the change.
    actor_type: Literal["key", "member", "user", "operator", "provider", "system", "anonymous"]
    #: The organization that it was done to.
    organization_id: str
    #: The key that it was done to; null if it was none.
    key_id: Optional[str]
    #: The new value of each field that changed, or its old and new values.
    changes: Dict[str, Any]
    #: The id of the request in the log; null if it was none.
    request_id: Optional[str]
    #: The client's address; null for a change without a request.
    ip: Optional[str]
    #: Whether what it told was erased: `changes` is empty then, and nobody knows the actor.
    is_erased: bool
    #: The number of the event among those of its organization, without gaps; null for the moment before it
    #: has one.
    sequence: Optional[int]
    #: The portal session by which a user acted; null for every other actor.
    via: Optional[str]


class BeginPasskey(TypedDict, total=False):
    """The shape BeginPasskey of the API."""

    #: What for: `sign_in`; or `fresh`, to make the sign-in of the calling session fresh, which takes a
    #: passkey of the calling member. If absent: `sign_in`.
    purpose: Literal["sign_in", "fresh"]


class BeginRegistration(TypedDict, total=False):
    """The shape BeginRegistration of the API."""

    #: The secret of the invitation that the passkey accepts. Without it, the calling member gets one more.
    invitation: str


class _BeginSignIn(TypedDict):
    #: What for: `sign_in`; `invitation`, to accept one; `identity`, to add one more to those of the calling
    #: member; `fresh`, to make the sign-in of the calling session fresh.
    purpose: Literal["sign_in", "invitation", "identity", "fresh"]


class BeginSignIn(_BeginSignIn, total=False):
    """The shape BeginSignIn of the API."""

    #: The secret of an invitation: what stands behind the # of its link.
    invitation: str


class BegunPasskey(TypedDict):
    """The shape BegunPasskey of the API."""

    #: What the page hands to the browser, by `PublicKeyCredential.parseRequestOptionsFromJSON` or
    #: `parseCreationOptionsFromJSON`.
    options: Dict[str, Any]


class BegunSignIn(TypedDict):
    """The shape BegunSignIn of the API."""

    #: The page of the provider to which the browser goes.
    url: str


class _BulkChange(TypedDict):
    #: What to do with each key.
    action: Literal["revoke", "suspend", "resume", "tag"]


class BulkChange(_BulkChange, total=False):
    """The shape BulkChange of the API."""

    #: The keys, by their ids; or else `filter`.
    ids: List[str]
    #: The keys that a list with these filters has; or else `ids`.
    filter: BulkChangeFilter
    #: Why: for `revoke` one of unspecified, compromised, superseded, no_longer_used, owner_left; for
    #: `suspend` a text for people.
    reason: str
    #: For `tag`: the tags that each key gets.
    add_tags: List[str]
    #: For `tag`: the tags that each key loses.
    remove_tags: List[str]
    #: How many keys are meant. If it are others, nothing is done. Only a dry run needs none.
    expect: int
    #: Whether to tell only what would be done.
    dry_run: bool


class BulkChangeFilter(TypedDict, total=False):
    """The keys that a list with these filters has; or else `ids`."""

    #: Only keys of this status; if absent, active ones, and for `resume` suspended ones.
    status: Literal["active", "expired", "suspended", "revoked", "all"]
    #: Only keys of this organization. The caller's own if absent; every one for the root organization.
    organization_id: str
    #: Only keys whose name or description contains this text, case-insensitive.
    q: str
    #: Only keys that have this tag, or all of several.
    tag: List[str]
    #: Only keys that hold exactly this permission: `emails:*` does not find keys that hold `emails:send`,
    #: nor the other way round.
    permission: str
    #: Only keys that this key, member or user created, by its id.
    created_by: str
    #: Only keys that a member has created who is removed.
    creator: Literal["gone"]
    #: Only keys of whose valid tokens this member has seen one.
    token_seen_by: str
    #: Only keys whose tokens begin with this prefix.
    prefix: str
    #: Only the key that has, or had, the secret with this kid.
    kid: str
    #: Only the key that has, or had, the token with this hint.
    hint: str
    #: Only keys that expire before this instant.
    expires_before: datetime
    #: Only keys that were created before this instant and not used from then on.
    unused_since: datetime
    #: Only keys that were never used, or, if false, that were used at least once.
    never_used: bool
    #: Only keys that are marked as leaked, or, if false, that are not.
    exposed: bool
    #: Only decoys or, if false, only keys that are none.
    decoy: bool


class BulkFailure(TypedDict):
    """The shape BulkFailure of the API."""

    #: The id of the key.
    id: str
    #: The code of the error, as for a change of this key alone.
    code: str
    #: The error in words.
    detail: str


class _BulkResult(TypedDict):
    #: How many keys were meant.
    matched: int
    #: How many of them are changed; in a dry run, would be.
    changed: int
    #: How many were so already.
    unchanged: int
    #: The calling key, by its id, if it was meant: it changes only by itself.
    skipped: List[str]
    #: The keys that could not be changed, each with the reason.
    failures: List[BulkFailure]
    #: How many keys were not come to, because a later transaction failed: 0 as a rule. To repeat the call
    #: is safe.
    left: int
    #: The code of the error that stopped it; null if none did.
    stopped_by: Optional[str]
    #: Whether nothing was changed.
    is_dry_run: bool


class BulkResult(_BulkResult, total=False):
    """The shape BulkResult of the API."""

    #: The outcome of `?wait=applied`.
    applied: Applied


class CallContext(TypedDict, total=False):
    """The shape CallContext of the API."""

    #: The address of the client.
    ip: str
    #: The `User-Agent` of the client.
    user_agent: str
    #: What is called, such as `POST /emails`: few different ones, and never a query.
    operation: str


class CatalogueEntry(TypedDict):
    """The shape CatalogueEntry of the API."""

    #: The permission; a wildcard stands for all that it covers.
    name: str
    #: What it lets a key do; null if nobody said.
    description: Optional[str]
    #: Under which heading forms show it; null for none.
    group: Optional[str]


class _ChangeDone(TypedDict):
    #: Always `true`.
    success: bool


class ChangeDone(_ChangeDone, total=False):
    """The shape ChangeDone of the API."""

    #: The outcome of `?wait=applied`.
    applied: Applied


class _ChangedKey(TypedDict):
    #: The id of the key, a UUID. No rotation changes it.
    id: str
    #: The organization that owns the key.
    organization_id: str
    #: A name for people. At least one of its characters can be seen.
    name: str
    #: What the key may do, such as `emails:send`.
    permissions: List[str]
    #: When a verification last found the key valid; null if none did.
    last_used_at: Optional[datetime]
    #: The id of the key, member or user that created it; null for the operator.
    created_by: Optional[str]
    #: What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
    created_by_type: Optional[Literal["key", "member", "user"]]
    #: When it was created.
    created_at: datetime
    #: When it was revoked, for good; null if it is not.
    revoked_at: Optional[datetime]
    #: The prefix and the kid of the newest token, which are not secret.
    hint: str
    #: Whether it is valid at this instant, and why not.
    status: Literal["active", "expired", "suspended", "revoked"]
    #: When it expires; null if never.
    expires_at: Optional[datetime]
    #: The operator's own data, which every verdict on the key carries.
    metadata: Dict[str, Any]
    #: What the key is for, in the words of its owner; null if nobody said.
    description: Optional[str]
    #: Words under which the key is found, sorted.
    tags: List[str]
    #: The key of which it is a child, for good; null if it is none.
    parent_id: Optional[str]
    #: From when on it is valid; null for at once.
    not_before: Optional[datetime]
    #: The addresses and networks from which it may be used; empty for anywhere.
    allowed_ips: List[str]
    #: Since when it is suspended; null if it is not.
    suspended_at: Optional[datetime]
    #: The id of the key that suspended it; null for the operator, and if it is not.
    suspended_by: Optional[str]
    #: Why it is suspended, for people.
    suspended_reason: Optional[str]
    #: The id of the key that revoked it; null for the operator, for the report of a leak, and if it is not.
    revoked_by: Optional[str]
    #: Why it was revoked; null if it is not.
    revocation_reason: Optional[Literal["unspecified", "compromised", "superseded", "no_longer_used", "owner_left"]]
    #: That its leak was reported, as of the last report that counts; null if not, and once it is cleared.
    exposure: Optional[Exposure]
    #: Its own limits, with what is left of them; those of its organization are that one's.
    limits: List[LimitState]
    #: The same as `last_used_at`, with what is known of the call; null if none found it valid. Address and
    #: user agent are kept for 30 days.
    last_used: Optional[LastUse]
    #: Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the
    #: header `ETag` has it.
    revision: str


class ChangedKey(_ChangedKey, total=False):
    """The shape ChangedKey of the API."""

    #: Of a decoy, which opens nothing: whether anybody tried it. Absent for every other key.
    decoy: Decoy
    #: The rules of policies that it breaks; only in lists with `breaks_policy`.
    broken_rules: List[Literal["max_lifetime_seconds", "require_expiry", "permissions", "catalogued_only", "prefixes", "require_allowed_ips", "max_keys"]]
    #: A warning: those of its permissions that the catalogue of permissions does not have; absent if there
    #: are none, or no catalogue.
    uncatalogued: List[str]
    #: The outcome of `?wait=applied`.
    applied: Applied


class _ChangedLimit(TypedDict):
    #: The name of the limit.
    name: str
    #: How many units there are in each window, or in each period.
    limit: int
    #: How many units a call draws that names no cost.
    default_cost: int
    #: How many units are left; those that processes hold are among them.
    remaining: int
    #: How many units are missing to 0: settlements drew more than there were, or units were taken away, or
    #: the limit was lowered. What comes pays them first.
    owed: int
    #: How many of these processes hold, to answer calls from memory.
    held: int
    #: When a quota begins anew, or a rate will be full; null for a quota that never does.
    resets_at: Optional[datetime]


class ChangedLimit(_ChangedLimit, total=False):
    """The shape ChangedLimit of the API."""

    #: Of a rate: in how many seconds it gains `limit` units, evenly.
    window_seconds: int
    #: Of a rate: how many units its bucket holds.
    burst: int
    #: Of a quota: for which periods it has `limit` units; null if they never come again.
    resets: Optional[Literal["hourly", "daily", "weekly", "monthly"]]
    #: Of a weekly or monthly quota: an instant at which a period begins.
    anchor: datetime
    #: Of a quota: how far a settlement may draw it below zero.
    overdraft: int
    #: The outcome of `?wait=applied`.
    applied: Applied


class _ChangedMember(TypedDict):
    #: The id of the member, a UUID.
    id: str
    #: The organization for which it acts.
    organization_id: str
    #: Its address, a label; null once it is erased.
    email: Optional[str]
    #: Whether somebody has proved that the address is its own.
    email_verified: bool
    #: Its name, a label; null if nobody said, and once it is erased.
    name: Optional[str]
    #: What it is in its organization: a fixed list of permissions.
    role: Literal["owner", "admin", "developer", "viewer", "auditor"]
    #: What gave it its role: somebody, or a rule.
    role_source: Literal["manual", "rule"]
    #: What its role may do.
    permissions: List[str]
    #: Whether it may act, and why not.
    status: Literal["active", "suspended", "removed"]
    #: When it last acted, to the minute; null if never.
    last_seen_at: Optional[datetime]
    #: When it became a member.
    created_at: datetime
    #: The id of the key or member that invited it; null for the operator.
    created_by: Optional[str]
    #: What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
    created_by_type: Optional[Literal["key", "member", "user"]]
    #: Since when it is suspended; null if it is not.
    suspended_at: Optional[datetime]
    #: Why it is suspended, for people.
    suspended_reason: Optional[str]
    #: When it was removed, for good; null if it is not.
    removed_at: Optional[datetime]
    #: Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the
    #: header `ETag` has it.
    revision: str


class ChangedMember(_ChangedMember, total=False):
    """The shape ChangedMember of the API."""

    #: The outcome of `?wait=applied`.
    applied: Applied


class _ChangedOrganization(TypedDict):
    #: The id, as it was chosen or made; it never changes.
    id: str
    #: A name for people. At least one of its characters can be seen.
    name: str
    #: When it was created.
    created_at: datetime
    #: Its own limits, from which all of its keys draw, with what is left of them.
    limits: List[LimitState]
    #: The name of its plan; null for none.
    plan: Optional[str]
    #: Since when it is suspended, with all of its keys; null if it is not.
    suspended_at: Optional[datetime]
    #: The id of the key that suspended it; null for the operator, and if it is not.
    suspended_by: Optional[str]
    #: Why it is suspended, for people.
    suspended_reason: Optional[str]
    #: What its members may grant to its keys outside `latchkey:`. Those of the root organization may grant
    #: everything there.
    grantable_permissions: List[str]
    #: By what its members sign in: `any` way, or by a `provider` alone; then a passkey only makes a sign-in
    #: fresh.
    sign_in: Literal["any", "provider"]
    #: Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the
    #: header `ETag` has it.
    revision: str


class ChangedOrganization(_ChangedOrganization, total=False):
    """The shape ChangedOrganization of the API."""

    #: The outcome of `?wait=applied`.
    applied: Applied


class _ChangedPlan(TypedDict):
    #: The name of the plan.
    name: str
    #: All that keys of its organizations may do, whatever they hold; null for no bound.
    permissions: Optional[List[str]]
    #: What all keys of an organization draw from together.
    limits: List[PlainLimit]
    #: What each key has of its own.
    key_limits: List[PlainLimit]
    #: When it was created.
    created_at: datetime
    #: Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the
    #: header `ETag` has it.
    revision: str


class ChangedPlan(_ChangedPlan, total=False):
    """The shape ChangedPlan of the API."""

    #: The outcome of `?wait=applied`.
    applied: Applied


class _ChangedPolicy(TypedDict):
    #: How long after it is set the expiry of a key may be at most, in seconds: every key then has one. Null
    #: for no rule.
    max_lifetime_seconds: Optional[int]
    #: Whether every key must expire.
    require_expiry: bool
    #: All that may be granted; null for no rule.
    permissions: Optional[List[str]]
    #: Whether only permissions of the catalogue may be granted. Those of `latchkey:` need not stand in it.
    catalogued_only: bool
    #: What new tokens may begin with; null for no rule.
    prefixes: Optional[List[str]]
    #: Whether every key must have `allowed_ips`.
    require_allowed_ips: bool
    #: How many keys an organization has at most that are neither revoked nor expired. Null for no rule.
    max_keys: Optional[int]
    #: What is done when the newest token of a key is reported as leaked: `revoke` the key, `end_after` some
    #: hours the token, or `notify` alone. Keys with a permission of `latchkey:` are revoked in any case.
    #: Null for no rule: then that of the deployment counts, and without one, `revoke`.
    on_leak: Optional[Literal["revoke", "end_after", "notify"]]
    #: After how many hours, with `end_after`; null otherwise.
    leak_ends_after_hours: Optional[int]
    #: When it was last set; null if it never was.
    set_at: Optional[datetime]
    #: Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the
    #: header `ETag` has it.
    revision: str


class ChangedPolicy(_ChangedPolicy, total=False):
    """The shape ChangedPolicy of the API."""

    #: The outcome of `?wait=applied`.
    applied: Applied


class _ChangedWebhook(TypedDict):
    #: Its id, a UUID.
    id: str
    #: The organization that owns it.
    organization_id: str
    #: The organization whose events it sends, if it is one of the root organization; null for its own, and
    #: for all.
    source_organization_id: Optional[str]
    #: To where events are posted.
    url: str
    #: Which events are sent.
    events: List[str]
    #: What it is for, for people; null if nobody said.
    description: Optional[str]
    #: `failing` since the last delivery was none; `disabled` until somebody enables it.
    status: Literal["active", "failing", "disabled"]
    #: When it was disabled; null if it is not.
    disabled_at: Optional[datetime]
    #: Why: somebody did it, the receiver answered 410, or no delivery succeeded for 5 days. Null if it is
    #: not.
    disabled_reason: Optional[Literal["by_hand", "gone", "failing"]]
    #: Since when no delivery has succeeded; null if the last one did.
    failing_since: Optional[datetime]
    #: When a receiver last took an event; null if none ever did.
    last_delivered_at: Optional[datetime]
    #: How many events were tried and wait to be tried again.
    pending: int
    #: Until when the secret before the last rotation signs too; null if it does not.
    grace_ends_at: Optional[datetime]
    #: The id of the key or member that created it; null for the operator.
    created_by: Optional[str]
    #: What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
    created_by_type: Optional[Literal["key", "member", "user"]]
    #: When it was created.
    created_at: datetime
    #: Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the
    #: header `ETag` has it.
    revision: str


class ChangedWebhook(_ChangedWebhook, total=False):
    """The shape ChangedWebhook of the API."""

    #: The outcome of `?wait=applied`.
    applied: Applied


class Checkpoint(TypedDict):
    """The shape Checkpoint of the API."""

    #: Names the log, for ever.
    origin: str
    #: How many events the log has.
    size: int
    #: A hash of 32 bytes, in base64.
    root_hash: str
    #: Whether the note is signed: without a keyring it is not.
    is_signed: bool
    #: The checkpoint as a signed note (C2SP tlog-checkpoint): what to keep.
    note: str


class _CreateInvitation(TypedDict):
    #: The address of the person who is invited.
    email: str
    #: What it is in its organization: a fixed list of permissions.
    role: Literal["owner", "admin", "developer", "viewer", "auditor"]


class CreateInvitation(_CreateInvitation, total=False):
    """The shape CreateInvitation of the API."""

    #: Who invites. The organization of the caller if absent; another one takes the root organization.
    organization_id: str
    #: The name of the person, a label.
    name: Optional[str]
    #: Whether Latchkey sends the link to the person by mail, and tells it nobody else. If the mail server
    #: does not take it within seven seconds, `sent` is false, and `url` has the link. If absent: `false`.
    send: bool


class _CreateKey(TypedDict):
    #: A name for people. At least one of its characters can be seen.
    name: str


class CreateKey(_CreateKey, total=False):
    """The shape CreateKey of the API."""

    #: What the key may do, such as `emails:send` or `emails:*`; nothing if absent.
    permissions: List[str]
    #: When the key expires; null if never.
    expires_at: Optional[datetime]
    #: From when on the key is valid; null for at once. Before it expires.
    not_before: Optional[datetime]
    #: From where it may be used: addresses and networks, at most 32. From anywhere if empty or absent.
    allowed_ips: Optional[List[str]]
    #: Your own data: at most 4 KiB as JSON, 256 values, 32 levels; numbers that a double holds exactly. If
    #: absent: `{}`.
    metadata: Dict[str, Any]
    #: What the key is for, in your own words: 1 to 1,000 characters; null for none. Verdicts do not carry
    #: it. If absent: `null`.
    description: Optional[str]
    #: Words under which the key is found. Each counts once; verdicts do not carry them.
    tags: List[str]
    #: How many units its calls may draw. Without `latchkey:limits:write`, these come on top of the limits
    #: of the key that creates it.
    limits: List[Limit]
    #: What its tokens begin with, of the prefixes that the deployment allows; its first if absent.
    prefix: str
    #: The organization that owns the key; the caller's own if absent. Root organization only.
    organization_id: str
    #: The id of the operator's user for whom the key is created; root organization only.
    created_by: str
    #: The key of which it is a child, of the same organization: it may do no more than that one, and ends
    #: with it.
    parent_id: str
    #: Whether it is a decoy: its token opens nothing, is answered like one that nobody made, and tells by
    #: the event `key.decoy_tried` when somebody tries it. For good. A decoy is no child. If absent:
    #: `false`.
    decoy: bool


class _CreateOrganization(TypedDict):
    #: A name for people. At least one of its characters can be seen.
    name: str


class CreateOrganization(_CreateOrganization, total=False):
    """The shape CreateOrganization of the API."""

    #: If absent: a new UUID. Choose a UUID if programs of the organization take no other ids.
    id: str
    #: All of its keys draw from these. Setting them takes `latchkey:limits:write`.
    limits: List[Limit]
    #: The name of its plan; null for none. Setting it takes `latchkey:limits:write`. If absent: `null`.
    plan: Optional[str]


class _CreatePlan(TypedDict):
    #: The name of the plan.
    name: str


class CreatePlan(_CreatePlan, total=False):
    """The shape CreatePlan of the API."""

    #: All that keys of its organizations may do, whatever they hold; null for no bound. The `latchkey:`
    #: permissions have none. If absent: `null`.
    permissions: Optional[List[str]]
    #: All keys of an organization draw from these together.
    limits: List[Limit]
    #: Each key has these of its own. A key's own limit of the same name counts instead if it is tighter, or
    #: was set with `latchkey:limits:write`.
    key_limits: List[Limit]


class _CreatePortalKey(TypedDict):
    #: A name for people. At least one of its characters can be seen.
    name: str


class CreatePortalKey(_CreatePortalKey, total=False):
    """The shape CreatePortalKey of the API."""

    #: What the key is for, in your own words: 1 to 1,000 characters; null for none. Verdicts do not carry
    #: it. If absent: `null`.
    description: Optional[str]
    #: What the key may do, such as `emails:send` or `emails:*`; nothing if absent.
    permissions: List[str]
    #: What its tokens begin with, of the prefixes that the deployment allows; its first if absent.
    prefix: str
    #: When the key expires; null if never.
    expires_at: Optional[datetime]


class _CreatePortalSession(TypedDict):
    #: A `link` opens a page of Latchkey’s own; an `embed` is a token for `<latchkey-keys>` in a page of the
    #: operator’s.
    kind: Literal["link", "embed"]
    #: The organization whose keys the user sees; never the root organization.
    organization_id: str
    #: Whose session it is.
    user: GivenPortalUser
    #: What the user may do: `latchkey:keys:read`, `latchkey:keys:write`, `latchkey:usage:read`; and,
    #: outside `latchkey:`, what the keys that it makes may be granted. All covered by the caller.
    permissions: List[str]


class CreatePortalSession(_CreatePortalSession, total=False):
    """The shape CreatePortalSession of the API."""

    #: Only keys whose tokens begin with one of these: it sees no others, and makes none. Null or absent for
    #: all.
    prefixes: Optional[List[str]]
    #: How long it lasts; 3600 if absent for a link, 900 for an embed.
    expires_in_seconds: int
    #: The exact origin of the page that shows the element; of an embed, and of no link.
    origin: Optional[str]
    #: Where the page of a link leads back to; of no embed.
    return_url: Optional[str]
    #: In which colours the page is shown; `auto` as the browser prefers. If absent: `auto`.
    scheme: Literal["auto", "light", "dark"]
    #: The language of the page (BCP 47); null or absent as the browser prefers.
    lang: Optional[str]


class _CreateWebhook(TypedDict):
    #: To where events are posted: `https://`, and an address that everybody can reach.
    url: str
    #: Which events are sent: names such as `key.revoked`, all of a kind as `key.*`, or `*`.
    events: List[str]


class CreateWebhook(_CreateWebhook, total=False):
    """The shape CreateWebhook of the API."""

    #: What it is for, for people; null if nobody said. If absent: `null`.
    description: Optional[str]
    #: The organization that owns it. The caller's own if absent; only a key of the root organization may
    #: name another.
    organization_id: str
    #: For one of the root organization: it sends the events of this organization alone; those of all if
    #: null.
    source_organization_id: Optional[str]


class _CreatedKey(TypedDict):
    #: The id of the key, a UUID. No rotation changes it.
    id: str
    #: The organization that owns the key.
    organization_id: str
    #: A name for people. At least one of its characters can be seen.
    name: str
    #: What the key may do, such as `emails:send`.
    permissions: List[str]
    #: When a verification last found the key valid; null if none did.
    last_used_at: Optional[datetime]
    #: The id of the key, member or user that created it; null for the operator.
    created_by: Optional[str]
    #: What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
    created_by_type: Optional[Literal["key", "member", "user"]]
    #: When it was created.
    created_at: datetime
    #: When it was revoked, for good; null if it is not.
    revoked_at: Optional[datetime]
    #: The prefix and the kid of the newest token, which are not secret.
    hint: str
    #: Whether it is valid at this instant, and why not.
    status: Literal["active", "expired", "suspended", "revoked"]
    #: When it expires; null if never.
    expires_at: Optional[datetime]
    #: The operator's own data, which every verdict on the key carries.
    metadata: Dict[str, Any]
    #: What the key is for, in the words of its owner; null if nobody said.
    description: Optional[str]
    #: Words under which the key is found, sorted.
    tags: List[str]
    #: The key of which it is a child, for good; null if it is none.
    parent_id: Optional[str]
    #: From when on it is valid; null for at once.
    not_before: Optional[datetime]
    #: The addresses and networks from which it may be used; empty for anywhere.
    allowed_ips: List[str]
    #: Since when it is suspended; null if it is not.
    suspended_at: Optional[datetime]
    #: The id of the key that suspended it; null for the operator, and if it is not.
    suspended_by: Optional[str]
    #: Why it is suspended, for people.
    suspended_reason: Optional[str]
    #: The id of the key that revoked it; null for the operator, for the report of a leak, and if it is not.
    revoked_by: Optional[str]
    #: Why it was revoked; null if it is not.
    revocation_reason: Optional[Literal["unspecified", "compromised", "superseded", "no_longer_used", "owner_left"]]
    #: That its leak was reported, as of the last report that counts; null if not, and once it is cleared.
    exposure: Optional[Exposure]
    #: Its own limits, with what is left of them; those of its organization are that one's.
    limits: List[LimitState]
    #: The same as `last_used_at`, with what is known of the call; null if none found it valid. Address and
    #: user agent are kept for 30 days.
    last_used: Optional[LastUse]
    #: Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the
    #: header `ETag` has it.
    revision: str
    #: The token. Only this answer contains it.
    key: str


class CreatedKey(_CreatedKey, total=False):
    """The shape CreatedKey of the API."""

    #: Of a decoy, which opens nothing: whether anybody tried it. Absent for every other key.
    decoy: Decoy
    #: The rules of policies that it breaks; only in lists with `breaks_policy`.
    broken_rules: List[Literal["max_lifetime_seconds", "require_expiry", "permissions", "catalogued_only", "prefixes", "require_allowed_ips", "max_keys"]]
    #: A warning: those of its permissions that the catalogue of permissions does not have; absent if there
    #: are none, or no catalogue.
    uncatalogued: List[str]


class CreatedPortalKey(TypedDict):
    """The shape CreatedPortalKey of the API."""

    #: The id of the key, a UUID. No rotation changes it.
    id: str
    #: A name for people. At least one of its characters can be seen.
    name: str
    #: What the key is for, in the words of its owner; null if nobody said.
    description: Optional[str]
    #: The prefix and the kid of the newest token, which are not secret.
    hint: str
    #: Whether it is valid at this instant, and why not.
    status: Literal["active", "expired", "suspended", "revoked"]
    #: What the key may do, such as `emails:send`.
    permissions: List[str]
    #: When it was created.
    created_at: datetime
    #: The user of the session, if it has made the key; else null.
    created_by: Optional[PortalUser]
    #: When a verification last found the key valid; null if none did.
    last_used_at: Optional[datetime]
    #: From when on it is valid; null for at once.
    not_before: Optional[datetime]
    #: When it expires; null if never.
    expires_at: Optional[datetime]
    #: Since when it is suspended; null if it is not.
    suspended_at: Optional[datetime]
    #: When it was revoked, for good; null if it is not.
    revoked_at: Optional[datetime]
    #: The token. Only this answer contains it.
    key: str


class CreatedWebhook(TypedDict):
    """The shape CreatedWebhook of the API."""

    #: Its id, a UUID.
    id: str
    #: The organization that owns it.
    organization_id: str
    #: The organization whose events it sends, if it is one of the root organization; null for its own, and
    #: for all.
    source_organization_id: Optional[str]
    #: To where events are posted.
    url: str
    #: Which events are sent.
    events: List[str]
    #: What it is for, for people; null if nobody said.
    description: Optional[str]
    #: `failing` since the last delivery was none; `disabled` until somebody enables it.
    status: Literal["active", "failing", "disabled"]
    #: When it was disabled; null if it is not.
    disabled_at: Optional[datetime]
    #: Why: somebody did it, the receiver answered 410, or no delivery succeeded for 5 days. Null if it is
    #: not.
    disabled_reason: Optional[Literal["by_hand", "gone", "failing"]]
    #: Since when no delivery has succeeded; null if the last one did.
    failing_since: Optional[datetime]
    #: When a receiver last took an event; null if none ever did.
    last_delivered_at: Optional[datetime]
    #: How many events were tried and wait to be tried again.
    pending: int
    #: Until when the secret before the last rotation signs too; null if it does not.
    grace_ends_at: Optional[datetime]
    #: The id of the key or member that created it; null for the operator.
    created_by: Optional[str]
    #: What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
    created_by_type: Optional[Literal["key", "member", "user"]]
    #: When it was created.
    created_at: datetime
    #: Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the
    #: header `ETag` has it.
    revision: str
    #: What signs its messages, as Standard Webhooks has it. Only this answer contains it.
    secret: str


class Decoy(TypedDict):
    """The shape Decoy of the API."""

    #: How often it was tried, as far as events have told.
    tries: int
    #: When that was last; null for never.
    last_tried_at: Optional[datetime]


class Delivery(TypedDict):
    """The shape Delivery of the API."""

    #: The id of the event, and of the message: `webhook-id`, the same at each attempt.
    id: str
    #: What happened, such as `key.revoked`.
    type: str
    #: The number of the event in the log from which it is sent: of the organization, or of all.
    sequence: int
    #: `failed` after eight attempts, the last of them 32 hours after the first.
    state: Literal["pending", "delivered", "failed"]
    #: How often it was tried.
    attempts: int
    #: When it was last tried; null before the first time.
    attempted_at: Optional[datetime]
    #: When it is tried again; null if it is not.
    next_attempt_at: Optional[datetime]
    #: The status of the answer to the last attempt; null if there was none.
    http_status: Optional[int]
    #: Why there was no answer, or why it counts as a failure; null otherwise.
    error: Optional[str]
    #: The first 1,024 bytes of the answer, if they are text; null for callers without
    #: `latchkey:webhooks:write`.
    answer: Optional[str]
    #: How long the last attempt took, in milliseconds; null before the first.
    duration_ms: Optional[int]


class _Departure(TypedDict):
    #: Always true. Always `true`.
    success: bool
    #: How many sessions have ended.
    sessions_ended: int
    #: Of how many keys it has seen a token that is still valid, up to 1000. `GET /v1/keys?token_seen_by=`
    #: lists them.
    tokens_seen: int
    #: How many of those hold a `latchkey:` permission: before they were revoked, if they were.
    management_keys: int


class Departure(_Departure, total=False):
    """The shape Departure of the API."""

    #: The outcome of `?wait=applied`.
    applied: Applied


class _DeriveKey(TypedDict):
    #: A name for people. At least one of its characters can be seen.
    name: str


class DeriveKey(_DeriveKey, total=False):
    """The shape DeriveKey of the API."""

    #: What the key is for, in your own words: 1 to 1,000 characters; null for none. Verdicts do not carry
    #: it. If absent: `null`.
    description: Optional[str]
    #: Words under which the key is found. Each counts once; verdicts do not carry them.
    tags: List[str]
    #: What the key may do, such as `emails:send` or `emails:*`; nothing if absent.
    permissions: List[str]
    #: Your own data: at most 4 KiB as JSON, 256 values, 32 levels; numbers that a double holds exactly. If
    #: absent: `{}`.
    metadata: Dict[str, Any]
    #: How many units its calls may draw. Without `latchkey:limits:write`, these come on top of the limits
    #: of the key that creates it.
    limits: List[Limit]
    #: What its tokens begin with, of the prefixes that the deployment allows; its first if absent.
    prefix: str
    #: From when on the key is valid; null for at once. Before it expires.
    not_before: Optional[datetime]
    #: From where it may be used: addresses and networks, at most 32. From anywhere if empty or absent.
    allowed_ips: Optional[List[str]]
    #: When it expires: in an hour if absent, and not after the calling key.
    expires_at: datetime


class DescribePermissions(TypedDict, total=False):
    """The shape DescribePermissions of the API."""

    #: Those to add, or to describe anew.
    permissions: List[DescribedPermission]
    #: Those to remove. What the catalogue does not have is passed over.
    remove: List[str]
    #: Removes all that `permissions` does not name.
    replace: bool


class _DescribedPermission(TypedDict):
    #: The permission; a wildcard stands for all that it covers.
    name: str


class DescribedPermission(_DescribedPermission, total=False):
    """The shape DescribedPermission of the API."""

    #: What it lets a key do, in the words of your API. If absent: `null`.
    description: Optional[str]
    #: Under which heading forms show it. If absent: `null`.
    group: Optional[str]


class Done(TypedDict):
    """The shape Done of the API."""

    #: Always `true`.
    success: bool


class _EarlyVerdict(TypedDict):
    #: Whether the token may do what was asked, now. Always `false`.
    valid: bool
    #: Why the token is valid or not, in one word.
    code: Literal["not_yet_valid"]
    #: From when on the key is valid.
    not_before: datetime
    #: The id of the key.
    key_id: str
    #: The organization that owns the key.
    organization_id: str
    #: The name of the key.
    name: str
    #: What the key may do, within what the keys may of which it is a child.
    permissions: List[str]
    #: When the key expires, or one of which it is a child; null if never.
    expires_at: Optional[datetime]
    #: The operator's own data about the key.
    metadata: Dict[str, Any]


class EarlyVerdict(_EarlyVerdict, total=False):
    """The shape EarlyVerdict of the API."""

    #: The key of its line of which that is so; absent if it is so of the key itself.
    ancestor_id: str


class _EndedVerdict(TypedDict):
    #: Whether the token may do what was asked, now. Always `false`.
    valid: bool
    #: Why the token is valid or not, in one word.
    code: Literal["wrong_environment", "revoked", "suspended", "expired", "ip_not_allowed"]
    #: The id of the key.
    key_id: str
    #: The organization that owns the key.
    organization_id: str
    #: The name of the key.
    name: str
    #: What the key may do, within what the keys may of which it is a child.
    permissions: List[str]
    #: When the key expires, or one of which it is a child; null if never.
    expires_at: Optional[datetime]
    #: The operator's own data about the key.
    metadata: Dict[str, Any]


class EndedVerdict(_EndedVerdict, total=False):
    """The shape EndedVerdict of the API."""

    #: The key of its line of which that is so; absent if it is so of the key itself.
    ancestor_id: str


class EraseEvents(TypedDict, total=False):
    """The shape EraseEvents of the API."""

    #: These events.
    event_ids: List[str]
    #: All events of this organization.
    organization_id: str
    #: All events of changes to this key.
    key_id: str
    #: All events of changes by this key, member or user, by its id. With an organization, only of its
    #: events, and also those that name the user: of its sessions, and of the keys made for it.
    actor: str
    #: Only events before this instant. Needed unless the events are named.
    before: datetime
    #: The `next` of the previous answer.
    after: str


class Erased(TypedDict):
    """The shape Erased of the API."""

    #: How many events it has erased.
    erased: int
    #: What to give as `after` to go on; null if there is nothing left to erase.
    next: Optional[str]


class EventProof(TypedDict):
    """The shape EventProof of the API."""

    #: Names the log.
    origin: str
    #: The number of the event in the log, from 1 on.
    sequence: int
    #: How many events the log had.
    size: int
    #: The leaf: the bytes that were sealed.
    leaf: str
    #: The hashes that prove it, in the order of RFC 6962.
    proof: List[str]


class EventsPage(TypedDict):
    """The shape EventsPage of the API."""

    #: The next events, in their order.
    events: List[LogEvent]
    #: What to give as `after` next, also if there was no event.
    cursor: str


class ExceededLimit(TypedDict):
    """The shape ExceededLimit of the API."""

    #: The name of the limit.
    name: str
    #: Whose limit it is: the key's own, its organization's, or that of a key which made it.
    scope: Literal["key", "organization", "ancestor"]
    #: The id of the key or the organization whose limit it is.
    id: str


class ExceededVerdict(TypedDict):
    """The shape ExceededVerdict of the API."""

    #: Whether the token may do what was asked, now. Always `false`.
    valid: bool
    #: Why the token is valid or not, in one word.
    code: Literal["quota_exceeded", "rate_limited"]
    #: The id of the key.
    key_id: str
    #: The organization that owns the key.
    organization_id: str
    #: The name of the key.
    name: str
    #: What the key may do, within what the keys may of which it is a child.
    permissions: List[str]
    #: When the key expires, or one of which it is a child; null if never.
    expires_at: Optional[datetime]
    #: The operator's own data about the key.
    metadata: Dict[str, Any]
    #: The limits that apply, with what is left of them; absent if there are none.
    limits: List[VerdictLimit]
    #: The limits that refuse the call.
    exceeded: List[ExceededLimit]
    #: How long to wait, in milliseconds; null if the same call will never pass.
    retry_after_ms: Optional[int]


class Exposure(TypedDict):
    """The shape Exposure of the API."""

    #: When it was reported.
    at: datetime
    #: The public id of the secret that was found.
    kid: str
    #: The prefix and the kid of its token, which are not secret.
    hint: str
    #: `possession` for whoever showed the token; `github` or `gitlab` for their scanners.
    source: Literal["possession", "github", "gitlab"]
    #: Where it was found; null if nobody said.
    url: Optional[str]
    #: What was done at once: the key is `revoked`; an old token was ended (`secret_ended`); the token ends
    #: at `ends_at` (`ends_later`); nothing but to tell (`notified`); or `none`, since the token opened
    #: nothing any more.
    action: Literal["revoked", "secret_ended", "ends_later", "notified", "none"]
    #: When the token ends; null if that is not to come.
    ends_at: Optional[datetime]


class Facts(TypedDict):
    """The shape Facts of the API."""

    #: Null if the server does not follow changes now.
    sequence: Optional[int]
    #: In milliseconds.
    age_ms: int
    #: Whether tokens of other systems were imported; if not, what is no token of Latchkey is malformed.
    foreign_tokens: bool
    secret: Optional[FactsSecret]


class _FactsLimit(TypedDict):
    #: The name of the limit.
    name: str
    #: How many units there are in each window, or in each period.
    limit: int
    #: How many units a call draws that names no cost.
    default_cost: int
    scope: Literal["key", "organization", "ancestor"]
    #: The id of the key or the organization whose limit it is.
    id: str
    epoch: int


class FactsLimit(_FactsLimit, total=False):
    """The shape FactsLimit of the API."""

    #: Of a rate: in how many seconds it gains `limit` units, evenly.
    window_seconds: int
    #: Of a rate: how many units its bucket holds.
    burst: int
    #: Of a quota: for which periods it has `limit` units; null if they never come again.
    resets: Optional[Literal["hourly", "daily", "weekly", "monthly"]]
    #: Of a weekly or monthly quota: an instant at which a period begins.
    anchor: datetime
    #: Of a quota: how far a settlement may draw it below zero.
    overdraft: int


class _FactsSecret(TypedDict):
    #: The id of the key.
    key_id: str
    #: The organization that owns the key.
    organization_id: str
    #: The name of the key.
    name: str
    #: What the key may do, within what the keys may of which it is a child.
    permissions: List[str]
    #: When the key expires, or one of which it is a child; null if never.
    expires_at: Optional[datetime]
    #: The operator's own data about the key.
    metadata: Dict[str, Any]
    revoked_at: Optional[datetime]
    suspended_at: Optional[datetime]
    organization_suspended_at: Optional[datetime]
    not_before: Optional[datetime]
    #: From where it may be used; empty for anywhere.
    allowed_ips: List[str]
    #: When its grace period ends; null for the newest secret.
    grace_ends_at: Optional[datetime]
    #: Whether it was ended permanently.
    is_ended: bool
    #: All limits that apply; none if the server has judged them for this call.
    limits: List[FactsLimit]
    #: The keys that made it, if it draws from their limits: a change of one ends the facts.
    line: List[str]
    #: The keys of which it is a child, as far as they bound it.
    ancestors: List[FactsSecretAncestors]
    #: The plan of its organization.
    plan: Optional[str]


class FactsSecret(_FactsSecret, total=False):
    """The shape FactsSecret of the API."""

    #: The kid of another system's token, which does not show it; absent for one of Latchkey's.
    kid: str


class FactsSecretAncestors(TypedDict):
    """The shape FactsSecretAncestors of the API."""

    id: str
    #: What of the facts comes from this key, if it refuses.
    reasons: List[Literal["revoked", "suspended", "expired", "not_yet_valid", "rotated"]]
    allowed_ips: List[str]


class FindLeaks(TypedDict):
    """The shape FindLeaks of the API."""

    tokens: List[ShownToken]


class FinishPasskey(TypedDict):
    """The shape FinishPasskey of the API."""

    #: The credential that the browser gave, as `toJSON()` writes it: the names of its fields are those of
    #: Web Authentication.
    credential: Dict[str, Any]


class _FinishRegistration(TypedDict):
    #: The credential that the browser gave, as `toJSON()` writes it: the names of its fields are those of
    #: Web Authentication.
    credential: Dict[str, Any]


class FinishRegistration(_FinishRegistration, total=False):
    """The shape FinishRegistration of the API."""

    #: The secret of the invitation, as at the beginning.
    invitation: str
    #: By what its owner knows it, such as `Laptop`; `Passkey` if absent.
    label: str


class _FinishSignIn(TypedDict):
    #: The `state` with which the provider sent the browser back.
    state: str


class FinishSignIn(_FinishSignIn, total=False):
    """The shape FinishSignIn of the API."""

    #: Its `code`, if it sent one.
    code: str
    #: Its `iss`, if it sent one.
    iss: str
    #: Its `error`, if it refused.
    error: str
    #: Its `error_description`, if it sent one.
    error_description: str


class FinishedSignIn(TypedDict):
    """The shape FinishedSignIn of the API."""

    #: What the sign-in was for.
    purpose: Literal["sign_in", "invitation", "identity", "fresh"]
    #: The new session, after `sign_in` and `invitation`; else null.
    session: Optional[StartedSession]
    #: Until when the sign-in of the calling session is fresh, after `fresh`; else null.
    fresh_until: Optional[datetime]
    #: The organization of the member, after `invitation` and `identity`; else null.
    organization_id: Optional[str]
    #: The member that the person is, after `invitation` and `identity`; else null.
    member_id: Optional[str]


class FoundLeak(TypedDict):
    """The shape FoundLeak of the API."""

    #: The kid that was asked for.
    kid: str
    #: `live`: the token of a key that is neither revoked nor expired, though it may be suspended, not valid
    #: yet or bound to addresses. `in_grace`: the same, but the token ends by itself. `ended`: it opens
    #: nothing any more. `unknown`: no token has this kid and this SHA-256, or none that the caller may see.
    status: Literal["live", "in_grace", "ended", "unknown"]
    #: The id of the key; null if unknown, like all that follows.
    key_id: Optional[str]
    #: The name of the key.
    name: Optional[str]
    #: The organization that owns the key.
    organization_id: Optional[str]
    #: The prefix and the kid of the token, which are not secret.
    hint: Optional[str]


class FoundLeaks(TypedDict):
    """The shape FoundLeaks of the API."""

    #: In the order of the question.
    tokens: List[FoundLeak]


class _GithubFinding(TypedDict):
    #: What was found.
    token: str
    #: The name that GitHub has for the tokens of this deployment.
    type: str


class GithubFinding(_GithubFinding, total=False):
    """The shape GithubFinding of the API."""

    #: Where it was found; empty if nobody may know.
    url: str
    #: Where on GitHub that is, such as `commit`.
    source: str


class GithubLabel(TypedDict):
    """The shape GithubLabel of the API."""

    #: The SHA-256 of the token, in hexadecimal.
    token_hash: str
    #: The type that GitHub has reported.
    token_type: str
    #: `true_positive` for a token of this deployment, whether it opens anything or not.
    label: Literal["true_positive", "false_positive"]


class _GitlabFinding(TypedDict):
    #: One of `revocable_token_types`.
    type: str
    #: What was found.
    token: str


class GitlabFinding(_GitlabFinding, total=False):
    """The shape GitlabFinding of the API."""

    #: Where it was found.
    location: str


class GitlabTokenTypes(TypedDict):
    """The shape GitlabTokenTypes of the API."""

    #: What GitLab calls the tokens of this deployment: one type for each prefix.
    types: List[str]


class _GivenPortalUser(TypedDict):
    #: The id of the user, which is the operator's own.
    id: str


class GivenPortalUser(_GivenPortalUser, total=False):
    """The shape GivenPortalUser of the API."""

    #: What pages call the user; null or absent leaves what they call it so far.
    name: Optional[str]


class _Grace(TypedDict):
    #: How long the old token must not have been used, since the rotation or since its last use.
    until_silent_seconds: int


class Grace(_Grace, total=False):
    """The old token ends once nobody uses it any more."""

    #: How long the old token stays valid at most, used or not; 30 days if absent. If absent: `2592000`.
    at_most_seconds: int


class Grants(TypedDict):
    """The shape Grants of the API."""

    #: The process that granted.
    server: str
    #: What is granted may be spent until 1,800 ms after the message was sent, less this age.
    age_ms: int
    #: The counters, as the stream of changes names them, whose units may not be spent any more and must
    #: come back with the next message; null for all. An answer to a message does not renew the lease
    #: without them.
    recalled: Optional[List[str]]
    counters: List[GrantsCounters]


class _GrantsCounters(TypedDict):
    scope: Literal["key", "organization", "ancestor"]
    #: The name of the limit.
    name: str
    epoch: int
    #: How many units it may spend, beside those that it keeps.
    granted: int
    #: How many units its waiting calls take, at once.
    given: int
    #: How many of the units that it holds are its own. The others are void.
    kept: int
    period: int
    #: For so long nothing can come; 0 if something can.
    empty_for_ms: int
    #: How many units are left beside those that it holds.
    remaining: int
    #: Until the period ends; null for never.
    resets_in_ms: Optional[int]
    resets_at: Optional[datetime]


class GrantsCounters(_GrantsCounters, total=False):
    """The shape GrantsCounters of the API."""

    #: The key whose limit it is, itself or as an ancestor of the verified one.
    key_id: str
    #: The organization whose limit it is.
    organization_id: str
    #: Of two limits with one name, a rate and a quota: which of them.
    kind: Literal["rate", "quota"]


class _GrantsRequest(TypedDict):
    verifier: str
    #: Grows with each message. A message that comes again gets the same answer.
    sequence: int
    counters: List[AskedCounter]


class GrantsRequest(_GrantsRequest, total=False):
    """The shape GrantsRequest of the API."""

    #: The `server` of the last answer, if units are held of it. Another process answers without counters,
    #: and serves nothing.
    server: Optional[str]


GrowthProof = TypedDict("GrowthProof", {"origin": "str", "from": "int", "size": "int", "proof": "List[str]"})


class Identity(TypedDict):
    """The shape Identity of the API."""

    #: The id of the identity, a UUID.
    id: str
    #: What proves who the person is.
    provider: str
    #: By what the person knows it.
    label: str
    #: When it was added.
    created_at: datetime
    #: When somebody last signed in by it; null if nobody did.
    last_used_at: Optional[datetime]


class ImportOutcome(TypedDict, total=False):
    """The shape ImportOutcome of the API."""

    #: The id of the key that was made, or that has the token already.
    id: str
    #: Absent for a key that was made. `exists`: a key of the organization has this token. `taken`: a key of
    #: another organization has it. Else the code of the error.
    code: str
    #: For `policy`: the rule that it would break.
    rule: Literal["max_lifetime_seconds", "require_expiry", "permissions", "catalogued_only", "prefixes", "require_allowed_ips", "max_keys"]
    #: The fields at fault.
    errors: List[ImportOutcomeErrors]


class ImportOutcomeErrors(TypedDict):
    """The shape ImportOutcomeErrors of the API."""

    #: Where the field stands in the item.
    path: str
    #: What it must be.
    message: str


class _ImportedKey(TypedDict):
    #: The organization that owns the key.
    organization_id: str
    #: A name for people. At least one of its characters can be seen.
    name: str


class ImportedKey(_ImportedKey, total=False):
    """The shape ImportedKey of the API."""

    #: What the key may do, such as `emails:send` or `emails:*`; nothing if absent.
    permissions: List[str]
    #: When the key expires; null if never.
    expires_at: Optional[datetime]
    #: From when on the key is valid; null for at once. Before it expires.
    not_before: Optional[datetime]
    #: From where it may be used: addresses and networks, at most 32. From anywhere if empty or absent.
    allowed_ips: Optional[List[str]]
    #: Your own data: at most 4 KiB as JSON, 256 values, 32 levels; numbers that a double holds exactly. If
    #: absent: `{}`.
    metadata: Dict[str, Any]
    #: What the key is for, in your own words: 1 to 1,000 characters; null for none. Verdicts do not carry
    #: it. If absent: `null`.
    description: Optional[str]
    #: Words under which the key is found. Each counts once; verdicts do not carry them.
    tags: List[str]
    #: How many units its calls may draw. Without `latchkey:limits:write`, these come on top of the limits
    #: of the key that creates it.
    limits: List[Limit]
    #: The id of the operator's user for whom the key is created; root organization only.
    created_by: str
    #: Whether it is a decoy: its token opens nothing, is answered like one that nobody made, and tells by
    #: the event `key.decoy_tried` when somebody tries it. For good. A decoy is no child. If absent:
    #: `false`.
    decoy: bool
    #: What people are shown of the token, such as its first characters.
    hint: str
    #: The token. Latchkey keeps its SHA-256 alone.
    token: str
    #: The hash of the token that the other system keeps; instead of `token`.
    hash: TokenHash


class InsufficientVerdict(TypedDict):
    """The shape InsufficientVerdict of the API."""

    #: Whether the token may do what was asked, now. Always `false`.
    valid: bool
    #: Why the token is valid or not, in one word.
    code: Literal["insufficient_permissions"]
    #: The required permissions that the key lacks.
    missing: List[str]
    #: The id of the key.
    key_id: str
    #: The organization that owns the key.
    organization_id: str
    #: The name of the key.
    name: str
    #: What the key may do, within what the keys may of which it is a child.
    permissions: List[str]
    #: When the key expires, or one of which it is a child; null if never.
    expires_at: Optional[datetime]
    #: The operator's own data about the key.
    metadata: Dict[str, Any]


class _Introspect(TypedDict):
    #: The token to judge.
    token: str


class Introspect(_Introspect, total=False):
    """The shape Introspect of the API."""

    #: Ignored: there is one type of tokens (RFC 7662, section 2.1).
    token_type_hint: str
    #: All of these are required, each in a field of its own.
    permission: List[str]
    #: A token with another prefix is not active; any prefix if absent.
    prefix: str
    #: How many units the call draws of each limit; `cost.NAME` of one.
    cost: str
    #: The address of the client.
    ip: str


class _Introspection(TypedDict):
    #: Whether the token may do what was asked, now. If not, there is no other field.
    active: bool


class Introspection(_Introspection, total=False):
    """The shape Introspection of the API."""

    #: What the key may do, separated by spaces; absent if it may do nothing.
    scope: str
    #: The id of the key.
    client_id: str
    #: The id of the key.
    sub: str
    #: The organization that owns the key.
    org: str
    #: Always `Bearer`.
    token_type: str
    #: When the key expires, in seconds since 1970; absent if never.
    exp: int
    #: When the key was created, in seconds since 1970.
    iat: int


class Invitation(TypedDict):
    """The shape Invitation of the API."""

    #: The id of the invitation, a UUID.
    id: str
    #: The organization that invites.
    organization_id: str
    #: The address of the person who is invited.
    email: str
    #: The name of the person; null if nobody said.
    name: Optional[str]
    #: What it is in its organization: a fixed list of permissions.
    role: Literal["owner", "admin", "developer", "viewer", "auditor"]
    #: Whether it can be used at this instant, and why not.
    status: Literal["pending", "accepted", "expired", "revoked"]
    #: Whether Latchkey has sent it by mail.
    sent: bool
    #: Where it is accepted, with its secret: only in the answer that makes or renews it, and only if it was
    #: not sent.
    url: Optional[str]
    #: Until when it can be used.
    expires_at: datetime
    #: When it was made.
    created_at: datetime
    #: The id of the key or member that made it; null for the operator.
    created_by: Optional[str]
    #: What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
    created_by_type: Optional[Literal["key", "member", "user"]]
    #: When it was used; null if it was not.
    accepted_at: Optional[datetime]
    #: When it was revoked, or another one took its place; null if it was not.
    revoked_at: Optional[datetime]
    #: The member that it has made, or that it resets; null if there is none yet.
    member_id: Optional[str]


class KeptCheckpoint(TypedDict):
    """The shape KeptCheckpoint of the API."""

    #: How many events the log had.
    size: int
    #: When it was made.
    made_at: datetime
    #: The checkpoint as a signed note (C2SP tlog-checkpoint).
    note: str


class _Key(TypedDict):
    #: The id of the key, a UUID. No rotation changes it.
    id: str
    #: The organization that owns the key.
    organization_id: str
    #: A name for people. At least one of its characters can be seen.
    name: str
    #: What the key may do, such as `emails:send`.
    permissions: List[str]
    #: When a verification last found the key valid; null if none did.
    last_used_at: Optional[datetime]
    #: The id of the key, member or user that created it; null for the operator.
    created_by: Optional[str]
    #: What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
    created_by_type: Optional[Literal["key", "member", "user"]]
    #: When it was created.
    created_at: datetime
    #: When it was revoked, for good; null if it is not.
    revoked_at: Optional[datetime]
    #: The prefix and the kid of the newest token, which are not secret.
    hint: str
    #: Whether it is valid at this instant, and why not.
    status: Literal["active", "expired", "suspended", "revoked"]
    #: When it expires; null if never.
    expires_at: Optional[datetime]
    #: The operator's own data, which every verdict on the key carries.
    metadata: Dict[str, Any]
    #: What the key is for, in the words of its owner; null if nobody said.
    description: Optional[str]
    #: Words under which the key is found, sorted.
    tags: List[str]
    #: The key of which it is a child, for good; null if it is none.
    parent_id: Optional[str]
    #: From when on it is valid; null for at once.
    not_before: Optional[datetime]
    #: The addresses and networks from which it may be used; empty for anywhere.
    allowed_ips: List[str]
    #: Since when it is suspended; null if it is not.
    suspended_at: Optional[datetime]
    #: The id of the key that suspended it; null for the operator, and if it is not.
    suspended_by: Optional[str]
    #: Why it is suspended, for people.
    suspended_reason: Optional[str]
    #: The id of the key that revoked it; null for the operator, for the report of a leak, and if it is not.
    revoked_by: Optional[str]
    #: Why it was revoked; null if it is not.
    revocation_reason: Optional[Literal["unspecified", "compromised", "superseded", "no_longer_used", "owner_left"]]
    #: That its leak was reported, as of the last report that counts; null if not, and once it is cleared.
    exposure: Optional[Exposure]
    #: Its own limits, with what is left of them; those of its organization are that one's.
    limits: List[LimitState]
    #: The same as `last_used_at`, with what is known of the call; null if none found it valid. Address and
    #: user agent are kept for 30 days.
    last_used: Optional[LastUse]
    #: Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the
    #: header `ETag` has it.
    revision: str


class Key(_Key, total=False):
    """The shape Key of the API."""

    #: Of a decoy, which opens nothing: whether anybody tried it. Absent for every other key.
    decoy: Decoy
    #: The rules of policies that it breaks; only in lists with `breaks_policy`.
    broken_rules: List[Literal["max_lifetime_seconds", "require_expiry", "permissions", "catalogued_only", "prefixes", "require_allowed_ips", "max_keys"]]


class KeyCaller(TypedDict):
    """The shape KeyCaller of the API."""

    #: The secret that they call with.
    kid: str
    #: The address, or its network; null if not known.
    ip: Optional[str]
    #: The kind of client, by its user agent, such as `curl` or `Firefox`; null if not known.
    client: Optional[str]
    #: The day of the first of these calls, by UTC.
    first_seen_on: str
    #: When the last one was.
    last_seen_at: datetime
    #: How many calls there were, refused ones included.
    calls: int


class _KeyDetails(TypedDict):
    #: The id of the key, a UUID. No rotation changes it.
    id: str
    #: The organization that owns the key.
    organization_id: str
    #: A name for people. At least one of its characters can be seen.
    name: str
    #: What the key may do, such as `emails:send`.
    permissions: List[str]
    #: When a verification last found the key valid; null if none did.
    last_used_at: Optional[datetime]
    #: The id of the key, member or user that created it; null for the operator.
    created_by: Optional[str]
    #: What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
    created_by_type: Optional[Literal["key", "member", "user"]]
    #: When it was created.
    created_at: datetime
    #: When it was revoked, for good; null if it is not.
    revoked_at: Optional[datetime]
    #: The prefix and the kid of the newest token, which are not secret.
    hint: str
    #: Whether it is valid at this instant, and why not.
    status: Literal["active", "expired", "suspended", "revoked"]
    #: When it expires; null if never.
    expires_at: Optional[datetime]
    #: The operator's own data, which every verdict on the key carries.
    metadata: Dict[str, Any]
    #: What the key is for, in the words of its owner; null if nobody said.
    description: Optional[str]
    #: Words under which the key is found, sorted.
    tags: List[str]
    #: The key of which it is a child, for good; null if it is none.
    parent_id: Optional[str]
    #: From when on it is valid; null for at once.
    not_before: Optional[datetime]
    #: The addresses and networks from which it may be used; empty for anywhere.
    allowed_ips: List[str]
    #: Since when it is suspended; null if it is not.
    suspended_at: Optional[datetime]
    #: The id of the key that suspended it; null for the operator, and if it is not.
    suspended_by: Optional[str]
    #: Why it is suspended, for people.
    suspended_reason: Optional[str]
    #: The id of the key that revoked it; null for the operator, for the report of a leak, and if it is not.
    revoked_by: Optional[str]
    #: Why it was revoked; null if it is not.
    revocation_reason: Optional[Literal["unspecified", "compromised", "superseded", "no_longer_used", "owner_left"]]
    #: That its leak was reported, as of the last report that counts; null if not, and once it is cleared.
    exposure: Optional[Exposure]
    #: Its own limits, with what is left of them; those of its organization are that one's.
    limits: List[LimitState]
    #: The same as `last_used_at`, with what is known of the call; null if none found it valid. Address and
    #: user agent are kept for 30 days.
    last_used: Optional[LastUse]
    #: Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the
    #: header `ETag` has it.
    revision: str
    #: The newest 100 secrets, newest first, ended ones included. Latchkey keeps the newest 1000 ended
    #: secrets of a key.
    secrets: List[KeySecret]


class KeyDetails(_KeyDetails, total=False):
    """The shape KeyDetails of the API."""

    #: Of a decoy, which opens nothing: whether anybody tried it. Absent for every other key.
    decoy: Decoy
    #: The rules of policies that it breaks; only in lists with `breaks_policy`.
    broken_rules: List[Literal["max_lifetime_seconds", "require_expiry", "permissions", "catalogued_only", "prefixes", "require_allowed_ips", "max_keys"]]
    #: What the plan adds to its own limits, with what is left; absent if the organization is on no plan. A
    #: limit of its own that counts instead of the plan's leaves that one out.
    plan_limits: List[LimitState]


class KeyPermissions(TypedDict):
    """The shape KeyPermissions of the API."""

    #: When the first of the 90 days began, by UTC.
    since: datetime
    #: When it was read, by the database's clock.
    as_of: datetime
    #: What the key holds, and how many calls needed it: of several permissions that cover what a call
    #: required, the narrowest.
    granted: List[NeededPermission]
    #: Those of them that no known call needed.
    unused: List[str]
    #: The fewest permissions that would have admitted every known call. Where the key holds a wildcard,
    #: they are what was required under it, unless that is more than 16 permissions.
    suggested: List[str]
    #: Whether it is known of every call what it required. False if a day had too many kinds of calls to
    #: tell all of them apart: then what the others required may be among `unused`, and is not in
    #: `suggested`.
    complete: bool


class KeyPlaces(TypedDict):
    """The shape KeyPlaces of the API."""

    #: The callers, the last seen ones first: at most 200 of a secret.
    callers: List[KeyCaller]
    #: Whether these are all: false if there were too many, or calls of which no place is known.
    complete: bool


class KeyPreview(TypedDict):
    """The shape KeyPreview of the API."""

    #: When the first of the 30 days began, by UTC.
    since: datetime
    #: When it was read, by the database's clock.
    as_of: datetime
    #: How many calls with the key, and with those below it, were valid.
    calls: int
    #: How many of them the change would refuse, at least: as many as `at_most` if that is known.
    at_least: int
    #: How many, at most.
    at_most: int
    #: Of how many it cannot be told, because a day had too many kinds of calls to tell all of them apart,
    #: or a program of an older version counted them. They are in `at_most`.
    unknown: int
    #: Of how many keys below it, which are its live children, theirs and so on, the calls are in all this:
    #: at most 100.
    children: int
    #: Whether there are more of them, of which no call is in it.
    more_children: bool
    #: The calls of `at_least` that no limit would refuse, the most first: at most 100 kinds.
    refusals: List[RefusedCalls]


class KeySecret(TypedDict):
    """The shape KeySecret of the API."""

    #: The public id of this secret.
    kid: str
    #: The prefix and the kid of its token, which are not secret.
    hint: str
    #: When it was created: with the key, or by a rotation.
    created_at: datetime
    #: The id of the key or member that got its token; null for the operator, and if it was not noted yet.
    created_by: Optional[str]
    #: What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
    created_by_type: Optional[Literal["key", "member", "user"]]
    #: When it ends, at the latest, or ended; null while it is the newest.
    expires_at: Optional[datetime]
    #: When a verification last found it valid; null if none did.
    last_used_at: Optional[datetime]
    #: It ends, before `expires_at`, once nobody has used it for so many seconds; null if it does not end
    #: so.
    until_silent_seconds: Optional[int]
    #: When it will have been silent for so long, unless it is used. Latchkey ends it after that, as soon as
    #: every process has written the uses that it knows of. Null if it does not wait for that.
    silent_at: Optional[datetime]


class LastUse(TypedDict):
    """The shape LastUse of the API."""

    #: When.
    at: datetime
    #: The client's address, or its network; null if not known.
    ip: Optional[str]
    #: The client's user agent; null if not known.
    user_agent: Optional[str]
    #: What was called; null if not known.
    operation: Optional[str]
    #: The secret; null if not known.
    kid: Optional[str]


class LatestChange(TypedDict):
    """The shape LatestChange of the API."""

    #: Grows by one with each change.
    sequence: int
    #: In milliseconds.
    age_ms: int
    #: Whether tokens of other systems were imported; if not, what is no token of Latchkey is malformed.
    foreign_tokens: bool


class _Limit(TypedDict):
    #: The name of the limit.
    name: str
    #: How many units there are in each window, or in each period.
    limit: int


class Limit(_Limit, total=False):
    """The shape Limit of the API."""

    #: Makes it a rate: a bucket that gains `limit` units in so many seconds, evenly.
    window_seconds: int
    #: How many units the bucket of a rate holds; `limit` if absent.
    burst: Optional[int]
    #: Makes it a quota: `limit` units for each period, by UTC; weeks begin on Monday. Null: they never come
    #: again.
    resets: Optional[Literal["hourly", "daily", "weekly", "monthly"]]
    #: With weekly or monthly: an instant at which a period begins.
    anchor: Optional[datetime]
    #: How far a settlement may draw a quota below zero; as far as it must if absent.
    overdraft: Optional[int]
    #: How many units a call draws that names no cost. If absent: `1`.
    default_cost: int


class _LimitState(TypedDict):
    #: The name of the limit.
    name: str
    #: How many units there are in each window, or in each period.
    limit: int
    #: How many units a call draws that names no cost.
    default_cost: int
    #: How many units are left; those that processes hold are among them.
    remaining: int
    #: How many units are missing to 0: settlements drew more than there were, or units were taken away, or
    #: the limit was lowered. What comes pays them first.
    owed: int
    #: How many of these processes hold, to answer calls from memory.
    held: int
    #: When a quota begins anew, or a rate will be full; null for a quota that never does.
    resets_at: Optional[datetime]


class LimitState(_LimitState, total=False):
    """The shape LimitState of the API."""

    #: Of a rate: in how many seconds it gains `limit` units, evenly.
    window_seconds: int
    #: Of a rate: how many units its bucket holds.
    burst: int
    #: Of a quota: for which periods it has `limit` units; null if they never come again.
    resets: Optional[Literal["hourly", "daily", "weekly", "monthly"]]
    #: Of a weekly or monthly quota: an instant at which a period begins.
    anchor: datetime
    #: Of a quota: how far a settlement may draw it below zero.
    overdraft: int


class LogEvent(TypedDict):
    """The shape LogEvent of the API."""

    #: The id of the event, a UUID.
    id: str
    #: When the change was made.
    at: datetime
    #: What was done.
    action: Literal["organization.created", "organization.updated", "organization.suspended", "organization.resumed", "key.created", "key.updated", "key.rotated", "key.token_replayed", "key.secret_ended", "key.grace_ended", "key.expiring", "key.expired", "key.dormant", "key.decoy_tried", "key.suspended", "key.resumed", "key.revoked", "key.exposed", "key.exposure_cleared", "key.places_forgotten", "key.prefixes_set", "key.permissions_described", "session.started", "session.refreshed", "session.ended", "limit.reached", "limit.units_added", "limit.units_lost", "limit.overdrawn", "plan.created", "plan.updated", "plan.deleted", "policy.set", "member.updated", "member.suspended", "member.resumed", "member.reset", "member.removed", "member.erased", "member.joined", "member.identity_added", "member.identity_removed", "invitation.created", "invitation.renewed", "invitation.sent", "invitation.revoked", "invitation.accepted", "portal_session.created", "portal_session.opened", "portal_session.ended", "portal_user.forgotten", "log.signer_added", "log.checkpoint", "log.erased", "webhook.created", "webhook.updated", "webhook.rotated", "webhook.replayed", "webhook.retried", "webhook.deleted", "webhook.disabled", "log.restored"]
    #: The id of the key, member or user that made the change; null for the operator and for Latchkey
    #: itself.
    actor: Optional[str]
    #: The kind of actor that made the change.
    actor_type: Literal["key", "member", "user", "operator", "provider", "system", "anonymous"]
    #: The organization that it was done to.
    organization_id: str
    #: The key that it was done to; null if it was none.
    key_id: Optional[str]
    #: The new value of each field that changed, or its old and new values.
    changes: Dict[str, Any]
    #: The id of the request in the log; null if it was none.
    request_id: Optional[str]
    #: The client's address; null for a change without a request.
    ip: Optional[str]
    #: Whether what it told was erased: `changes` is empty then, and nobody knows the actor.
    is_erased: bool
    #: The number of the event among those of its organization, without gaps.
    sequence: int
    #: The portal session by which a user acted; null for every other actor.
    via: Optional[str]
    #: Its number among the events of all organizations: for root keys; null for others.
    position: Optional[int]
    #: What to give as `after` to go on behind this event.
    cursor: str


class LogSigner(TypedDict):
    """The shape LogSigner of the API."""

    #: The public key, as C2SP signed notes have it.
    verifier_key: str
    #: Since when it signs.
    begun_at: datetime
    #: Until when it signs; null if that is open.
    ends_at: Optional[datetime]


class Member(TypedDict):
    """The shape Member of the API."""

    #: The id of the member, a UUID.
    id: str
    #: The organization for which it acts.
    organization_id: str
    #: Its address, a label; null once it is erased.
    email: Optional[str]
    #: Whether somebody has proved that the address is its own.
    email_verified: bool
    #: Its name, a label; null if nobody said, and once it is erased.
    name: Optional[str]
    #: What it is in its organization: a fixed list of permissions.
    role: Literal["owner", "admin", "developer", "viewer", "auditor"]
    #: What gave it its role: somebody, or a rule.
    role_source: Literal["manual", "rule"]
    #: What its role may do.
    permissions: List[str]
    #: Whether it may act, and why not.
    status: Literal["active", "suspended", "removed"]
    #: When it last acted, to the minute; null if never.
    last_seen_at: Optional[datetime]
    #: When it became a member.
    created_at: datetime
    #: The id of the key or member that invited it; null for the operator.
    created_by: Optional[str]
    #: What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
    created_by_type: Optional[Literal["key", "member", "user"]]
    #: Since when it is suspended; null if it is not.
    suspended_at: Optional[datetime]
    #: Why it is suspended, for people.
    suspended_reason: Optional[str]
    #: When it was removed, for good; null if it is not.
    removed_at: Optional[datetime]
    #: Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the
    #: header `ETag` has it.
    revision: str


class MemberDetails(TypedDict):
    """The shape MemberDetails of the API."""

    #: The id of the member, a UUID.
    id: str
    #: The organization for which it acts.
    organization_id: str
    #: Its address, a label; null once it is erased.
    email: Optional[str]
    #: Whether somebody has proved that the address is its own.
    email_verified: bool
    #: Its name, a label; null if nobody said, and once it is erased.
    name: Optional[str]
    #: What it is in its organization: a fixed list of permissions.
    role: Literal["owner", "admin", "developer", "viewer", "auditor"]
    #: What gave it its role: somebody, or a rule.
    role_source: Literal["manual", "rule"]
    #: What its role may do.
    permissions: List[str]
    #: Whether it may act, and why not.
    status: Literal["active", "suspended", "removed"]
    #: When it last acted, to the minute; null if never.
    last_seen_at: Optional[datetime]
    #: When it became a member.
    created_at: datetime
    #: The id of the key or member that invited it; null for the operator.
    created_by: Optional[str]
    #: What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
    created_by_type: Optional[Literal["key", "member", "user"]]
    #: Since when it is suspended; null if it is not.
    suspended_at: Optional[datetime]
    #: Why it is suspended, for people.
    suspended_reason: Optional[str]
    #: When it was removed, for good; null if it is not.
    removed_at: Optional[datetime]
    #: Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the
    #: header `ETag` has it.
    revision: str
    #: By what it signs in.
    identities: List[Identity]


class NeededPermission(TypedDict):
    """The shape NeededPermission of the API."""

    #: A permission that the key holds.
    permission: str
    #: How many valid calls needed it.
    calls: int
    #: When the last one did; null if none did.
    last_used_at: Optional[datetime]


class OauthError(TypedDict):
    """The shape OauthError of the API."""

    #: What went wrong, in one word.
    error: Literal["invalid_request", "invalid_client", "invalid_token", "insufficient_scope", "unsupported_token_type", "temporarily_unavailable", "server_error"]
    #: What is wrong with this request.
    error_description: str


class OpenPortal(TypedDict):
    """The shape OpenPortal of the API."""

    #: What stands behind the # of the link.
    secret: str


class OpenedPortal(TypedDict):
    """The shape OpenedPortal of the API."""

    #: The token of the session. Only this answer contains it.
    token: str
    #: When the session expires.
    expires_at: datetime


class Organization(TypedDict):
    """The shape Organization of the API."""

    #: The id, as it was chosen or made; it never changes.
    id: str
    #: A name for people. At least one of its characters can be seen.
    name: str
    #: When it was created.
    created_at: datetime
    #: Its own limits, from which all of its keys draw, with what is left of them.
    limits: List[LimitState]
    #: The name of its plan; null for none.
    plan: Optional[str]
    #: Since when it is suspended, with all of its keys; null if it is not.
    suspended_at: Optional[datetime]
    #: The id of the key that suspended it; null for the operator, and if it is not.
    suspended_by: Optional[str]
    #: Why it is suspended, for people.
    suspended_reason: Optional[str]
    #: What its members may grant to its keys outside `latchkey:`. Those of the root organization may grant
    #: everything there.
    grantable_permissions: List[str]
    #: By what its members sign in: `any` way, or by a `provider` alone; then a passkey only makes a sign-in
    #: fresh.
    sign_in: Literal["any", "provider"]
    #: Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the
    #: header `ETag` has it.
    revision: str


class _OrganizationDetails(TypedDict):
    #: The id, as it was chosen or made; it never changes.
    id: str
    #: A name for people. At least one of its characters can be seen.
    name: str
    #: When it was created.
    created_at: datetime
    #: Its own limits, from which all of its keys draw, with what is left of them.
    limits: List[LimitState]
    #: The name of its plan; null for none.
    plan: Optional[str]
    #: Since when it is suspended, with all of its keys; null if it is not.
    suspended_at: Optional[datetime]
    #: The id of the key that suspended it; null for the operator, and if it is not.
    suspended_by: Optional[str]
    #: Why it is suspended, for people.
    suspended_reason: Optional[str]
    #: What its members may grant to its keys outside `latchkey:`. Those of the root organization may grant
    #: everything there.
    grantable_permissions: List[str]
    #: By what its members sign in: `any` way, or by a `provider` alone; then a passkey only makes a sign-in
    #: fresh.
    sign_in: Literal["any", "provider"]
    #: Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the
    #: header `ETag` has it.
    revision: str


class OrganizationDetails(_OrganizationDetails, total=False):
    """The shape OrganizationDetails of the API."""

    #: What the plan adds to its own limits, with what is left; absent if the organization is on no plan. A
    #: limit of its own that counts instead of the plan's leaves that one out.
    plan_limits: List[LimitState]


class OwnMember(TypedDict):
    """The shape OwnMember of the API."""

    #: The id of the member, a UUID.
    id: str
    #: The organization for which it acts.
    organization_id: str
    #: Its address, a label; null once it is erased.
    email: Optional[str]
    #: Whether somebody has proved that the address is its own.
    email_verified: bool
    #: Its name, a label; null if nobody said, and once it is erased.
    name: Optional[str]
    #: What it is in its organization: a fixed list of permissions.
    role: Literal["owner", "admin", "developer", "viewer", "auditor"]
    #: What gave it its role: somebody, or a rule.
    role_source: Literal["manual", "rule"]
    #: What its role may do.
    permissions: List[str]
    #: Whether it may act, and why not.
    status: Literal["active", "suspended", "removed"]
    #: When it last acted, to the minute; null if never.
    last_seen_at: Optional[datetime]
    #: When it became a member.
    created_at: datetime
    #: The id of the key or member that invited it; null for the operator.
    created_by: Optional[str]
    #: What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
    created_by_type: Optional[Literal["key", "member", "user"]]
    #: Since when it is suspended; null if it is not.
    suspended_at: Optional[datetime]
    #: Why it is suspended, for people.
    suspended_reason: Optional[str]
    #: When it was removed, for good; null if it is not.
    removed_at: Optional[datetime]
    #: Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the
    #: header `ETag` has it.
    revision: str
    #: By what it signs in.
    identities: List[Identity]
    #: The organizations for which the person may act.
    organizations: List[Standing]
    #: Until when the sign-in of the calling session is fresh.
    fresh_until: datetime


class PermissionUse(TypedDict):
    """The shape PermissionUse of the API."""

    #: A permission that keys hold.
    permission: str
    #: How many of them hold it.
    keys: int


class _PlainLimit(TypedDict):
    #: The name of the limit.
    name: str
    #: How many units there are in each window, or in each period.
    limit: int
    #: How many units a call draws that names no cost.
    default_cost: int


class PlainLimit(_PlainLimit, total=False):
    """The shape PlainLimit of the API."""

    #: Of a rate: in how many seconds it gains `limit` units, evenly.
    window_seconds: int
    #: Of a rate: how many units its bucket holds.
    burst: int
    #: Of a quota: for which periods it has `limit` units; null if they never come again.
    resets: Optional[Literal["hourly", "daily", "weekly", "monthly"]]
    #: Of a weekly or monthly quota: an instant at which a period begins.
    anchor: datetime
    #: Of a quota: how far a settlement may draw it below zero.
    overdraft: int


class Plan(TypedDict):
    """The shape Plan of the API."""

    #: The name of the plan.
    name: str
    #: All that keys of its organizations may do, whatever they hold; null for no bound.
    permissions: Optional[List[str]]
    #: What all keys of an organization draw from together.
    limits: List[PlainLimit]
    #: What each key has of its own.
    key_limits: List[PlainLimit]
    #: When it was created.
    created_at: datetime
    #: Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the
    #: header `ETag` has it.
    revision: str


class PlanDetails(TypedDict):
    """The shape PlanDetails of the API."""

    #: The name of the plan.
    name: str
    #: All that keys of its organizations may do, whatever they hold; null for no bound.
    permissions: Optional[List[str]]
    #: What all keys of an organization draw from together.
    limits: List[PlainLimit]
    #: What each key has of its own.
    key_limits: List[PlainLimit]
    #: When it was created.
    created_at: datetime
    #: Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the
    #: header `ETag` has it.
    revision: str
    #: How many organizations are on it.
    organizations: int


class Policy(TypedDict):
    """The shape Policy of the API."""

    #: How long after it is set the expiry of a key may be at most, in seconds: every key then has one. Null
    #: for no rule.
    max_lifetime_seconds: Optional[int]
    #: Whether every key must expire.
    require_expiry: bool
    #: All that may be granted; null for no rule.
    permissions: Optional[List[str]]
    #: Whether only permissions of the catalogue may be granted. Those of `latchkey:` need not stand in it.
    catalogued_only: bool
    #: What new tokens may begin with; null for no rule.
    prefixes: Optional[List[str]]
    #: Whether every key must have `allowed_ips`.
    require_allowed_ips: bool
    #: How many keys an organization has at most that are neither revoked nor expired. Null for no rule.
    max_keys: Optional[int]
    #: What is done when the newest token of a key is reported as leaked: `revoke` the key, `end_after` some
    #: hours the token, or `notify` alone. Keys with a permission of `latchkey:` are revoked in any case.
    #: Null for no rule: then that of the deployment counts, and without one, `revoke`.
    on_leak: Optional[Literal["revoke", "end_after", "notify"]]
    #: After how many hours, with `end_after`; null otherwise.
    leak_ends_after_hours: Optional[int]
    #: When it was last set; null if it never was.
    set_at: Optional[datetime]
    #: Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the
    #: header `ETag` has it.
    revision: str


class PortalKey(TypedDict):
    """The shape PortalKey of the API."""

    #: The id of the key, a UUID. No rotation changes it.
    id: str
    #: A name for people. At least one of its characters can be seen.
    name: str
    #: What the key is for, in the words of its owner; null if nobody said.
    description: Optional[str]
    #: The prefix and the kid of the newest token, which are not secret.
    hint: str
    #: Whether it is valid at this instant, and why not.
    status: Literal["active", "expired", "suspended", "revoked"]
    #: What the key may do, such as `emails:send`.
    permissions: List[str]
    #: When it was created.
    created_at: datetime
    #: The user of the session, if it has made the key; else null.
    created_by: Optional[PortalUser]
    #: When a verification last found the key valid; null if none did.
    last_used_at: Optional[datetime]
    #: From when on it is valid; null for at once.
    not_before: Optional[datetime]
    #: When it expires; null if never.
    expires_at: Optional[datetime]
    #: Since when it is suspended; null if it is not.
    suspended_at: Optional[datetime]
    #: When it was revoked, for good; null if it is not.
    revoked_at: Optional[datetime]


class PortalSelf(TypedDict):
    """The shape PortalSelf of the API."""

    #: The id of the session.
    id: str
    #: Whether it is behind a link, or in an element.
    kind: Literal["link", "embed"]
    organization: PortalSelfOrganization
    #: Whose session it is.
    user: PortalUser
    #: What the user may do.
    permissions: List[str]
    #: What outside `latchkey:` the keys may be granted that the user makes.
    grantable: List[str]
    #: What the operator says of permissions that `grantable` covers.
    catalogue: List[CatalogueEntry]
    #: What the tokens of new keys may begin with, the default first.
    prefixes: List[str]
    #: Where the page leads back to; null for nowhere.
    return_url: Optional[str]
    #: In which colours the page is shown.
    scheme: Literal["auto", "light", "dark"]
    #: The language of the page; null as the browser prefers.
    lang: Optional[str]
    #: When the session expires.
    expires_at: datetime


class PortalSelfOrganization(TypedDict):
    """The shape PortalSelfOrganization of the API."""

    id: str
    #: What the organization is called.
    name: str


class PortalSession(TypedDict):
    """The shape PortalSession of the API."""

    #: The id of the session, a UUID.
    id: str
    #: Whether it is behind a link, or in an element.
    kind: Literal["link", "embed"]
    #: The organization whose keys the user sees.
    organization_id: str
    #: Whose session it is.
    user: PortalUser
    #: What the user may do, and grant to keys.
    permissions: List[str]
    #: What the tokens of its keys begin with; null for any.
    prefixes: Optional[List[str]]
    #: The origin of an embed’s page; null for a link.
    origin: Optional[str]
    #: Where the page leads back to; null for nowhere.
    return_url: Optional[str]
    #: In which colours the page is shown.
    scheme: Literal["auto", "light", "dark"]
    #: The language of the page; null as the browser prefers.
    lang: Optional[str]
    #: Of a link, where it opens, once: only in the answer that makes it.
    url: Optional[str]
    #: Until when `url` opens it: five minutes; null once it did, and for an embed.
    url_expires_at: Optional[datetime]
    #: Of an embed, its token: only in the answer that makes it.
    token: Optional[str]
    #: When it expires.
    expires_at: datetime
    #: When it was made.
    created_at: datetime
    #: The id of the key or member that made it; null for the operator.
    created_by: Optional[str]
    #: What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
    created_by_type: Optional[Literal["key", "member", "user"]]
    #: When somebody ended it; null if nobody did.
    ended_at: Optional[datetime]


class PortalUsageRow(TypedDict):
    """The shape PortalUsageRow of the API."""

    #: When the period begins; of `total`, the range.
    start: datetime
    #: How many verdicts there were.
    calls: int
    #: How many of them were valid.
    valid: int
    #: How many were refused, by the code of the verdict.
    refused: Dict[str, int]


class PortalUser(TypedDict):
    """The shape PortalUser of the API."""

    #: The id of the user.
    id: str
    #: What pages call the user; null if nobody said.
    name: Optional[str]


class Prefixes(TypedDict):
    """The shape Prefixes of the API."""

    #: What the tokens of new keys may begin with. The first is the default.
    prefixes: List[str]


class PreviewKey(TypedDict, total=False):
    """The shape PreviewKey of the API."""

    #: A name for people. At least one of its characters can be seen.
    name: str
    #: Replaces what the key has; null keeps it, as if absent.
    permissions: Optional[List[str]]
    #: When the key expires; null if never.
    expires_at: Optional[datetime]
    #: From when on the key is valid; null for at once. Before it expires.
    not_before: Optional[datetime]
    #: Replaces what the key has; null keeps it, as if absent. An empty list allows every address.
    allowed_ips: Optional[List[str]]
    #: Replaces what the key has; null keeps it, as if absent.
    metadata: Optional[Dict[str, Any]]
    #: What the key is for, in your own words: 1 to 1,000 characters; null for none. Verdicts do not carry
    #: it.
    description: Optional[str]
    #: Replaces what the key has; null keeps it, as if absent.
    tags: Optional[List[str]]
    #: Replaces what the key has; null keeps it, as if absent.
    limits: Optional[List[Limit]]
    #: Rotates the key, as the body of that call.
    rotate: RotateKey
    #: Ends the grace of the secret with this kid.
    end_secret: str
    #: Suspends the key. Always `true`.
    suspend: bool
    #: Revokes the key. Always `true`.
    revoke: bool


class _Problem(TypedDict):
    #: Names the kind of problem; a URI.
    type: str
    #: The same for every problem of this code.
    title: str
    status: int
    #: What is wrong with this request.
    detail: str
    #: Stable; see docs/reference/errors.md.
    code: Literal["malformed_request", "invalid_json", "token_in_url", "unsupported_token_type", "organization_required", "sign_in_expired", "invalid_report", "missing_token", "invalid_token", "invalid_signature", "session_ended", "missing_permission", "permission_escalation", "policy", "root_organization_required", "cross_site_request", "origin_not_allowed", "fresh_sign_in_required", "not_invited", "email_not_proven", "passkey_refused", "token_sign_in_off", "route_not_found", "key_not_found", "secret_not_found", "organization_not_found", "session_not_found", "portal_session_not_found", "member_not_found", "invitation_not_found", "identity_not_found", "provider_not_found", "limit_not_found", "plan_not_found", "webhook_not_found", "delivery_not_found", "method_not_allowed", "request_timeout", "organization_exists", "plan_exists", "plan_in_use", "too_many_webhooks", "too_many_signers", "key_revoked", "key_expired", "line_too_long", "too_many_children", "decoy_key", "rotation_in_progress", "unexpected_count", "organization_suspended", "root_organization", "last_secret", "member_exists", "member_removed", "last_owner", "last_identity", "too_many_identities", "management_keys_left", "too_many_invitations", "mail_missing", "last_root_key", "reference_used", "reservation_settled", "reservation_ended", "idempotency_in_progress", "idempotency_sealed", "precondition_failed", "invitation_ended", "cursor_gone", "body_too_large", "target_too_long", "unsupported_media_type", "expectation_failed", "invalid_input", "idempotency_key_reused", "client_gone", "too_many_reads", "too_many_requests", "too_many_changes", "too_many_sessions", "too_many_sign_ins", "headers_too_large", "too_many_tests", "too_many_reports", "too_many_mails", "too_many_streams", "limit_exceeded", "internal", "unsupported_method", "unsupported_transfer_coding", "too_many_connections", "public_url_missing", "keyring_missing", "unsealable", "store_unavailable", "provider_unavailable", "key_server_unavailable", "upstream_unavailable", "relay_loop"]
    request_id: str


class Problem(_Problem, total=False):
    """The shape Problem of the API."""

    #: Each field at fault, for `invalid_input`.
    errors: List[ProblemErrors]
    #: How to sign in again, for `fresh_sign_in_required`.
    methods: List[Literal["token"]]
    #: What was made before, for `idempotency_sealed`.
    resource_id: str
    #: The rule that the key would break, for `policy`.
    rule: Literal["max_lifetime_seconds", "require_expiry", "permissions", "catalogued_only", "prefixes", "require_allowed_ips", "max_keys"]
    #: For which organizations the caller may act, for `organization_required`.
    organizations: List[ProblemOrganizations]


class ProblemErrors(TypedDict):
    """The shape ProblemErrors of the API."""

    path: str
    message: str


class ProblemOrganizations(TypedDict):
    """The shape ProblemOrganizations of the API."""

    id: str
    name: str


class ReadFacts(TypedDict):
    """The shape ReadFacts of the API."""

    #: The token to verify.
    key: str


class RecipeUse(TypedDict):
    """The shape RecipeUse of the API."""

    #: The hash.
    scheme: Literal["sha256", "sha512", "hmac-sha256"]
    #: What is hashed: `token`, or `after:` and a mark.
    of: str
    #: The name of its pepper; null without one.
    pepper: Optional[str]
    #: Whether the process that answers has the pepper, or needs none.
    is_ready: bool
    #: How many imported tokens are found by it that no rotation has ended, counted up to 10,001; at 0 its
    #: pepper is not needed any more.
    tokens: int


class RefusedCalls(TypedDict):
    """The shape RefusedCalls of the API."""

    #: The code of the verdict that they would get.
    code: Literal["revoked", "suspended", "expired", "not_yet_valid", "rotated", "ip_not_allowed", "insufficient_permissions"]
    #: From when on they would be refused: now, or when a grace or the key ends.
    begins_at: datetime
    #: What they called; null if that is not known.
    operation: Optional[str]
    #: From which address they came; null if that is not known.
    ip: Optional[str]
    #: With which `User-Agent`; null if that is not known.
    user_agent: Optional[str]
    #: Which permissions they would lack.
    missing: List[str]
    #: How many there were.
    calls: int
    #: When the last one was.
    last_at: datetime


class ReplayWebhook(TypedDict):
    """The shape ReplayWebhook of the API."""

    #: All of its events since this instant are sent once more: 30 days back at most, and not in the future.
    since: datetime


class _ReportLeaks(TypedDict):
    #: The tokens, each whole. To show a token is the proof that one may report it.
    keys: List[str]


class ReportLeaks(_ReportLeaks, total=False):
    """The shape ReportLeaks of the API."""

    #: Where they were found. Shown as text, and never opened.
    url: str


class ReportedCount(TypedDict):
    """The shape ReportedCount of the API."""

    #: The key; null for tokens of no key.
    key_id: Optional[str]
    #: When the hour began, by the clock of the server.
    start: datetime
    #: The code of a verdict, whose calls are counted, or `<scope>/<limit>`, whose units are.
    measure: str
    #: How many.
    amount: int


class _ReportedProfile(TypedDict):
    #: The secret with which was called.
    kid: str
    #: When the hour began, by the clock of the server.
    start: datetime
    #: The code of the verdict.
    code: str
    #: The permissions that were asked for.
    permissions: List[str]
    #: Whether it counts calls of all kinds that found no room.
    is_rest: bool
    #: How many.
    calls: int
    #: When the last one was.
    last: datetime


class ReportedProfile(_ReportedProfile, total=False):
    """The shape ReportedProfile of the API."""

    context: CallContext


class ResetMember(TypedDict, total=False):
    """The shape ResetMember of the API."""

    #: Whether Latchkey sends the link to the person by mail, and tells it nobody else. If the mail server
    #: does not take it within seven seconds, `sent` is false, and `url` has the link. If absent: `false`.
    send: bool


class RevokeOwnKey(TypedDict, total=False):
    """The shape RevokeOwnKey of the API."""

    #: Why; `unspecified` if absent.
    reason: Literal["unspecified", "compromised", "superseded", "no_longer_used", "owner_left"]


class RevokePortalKey(TypedDict, total=False):
    """The shape RevokePortalKey of the API."""

    #: Why; `unspecified` if absent.
    reason: Literal["unspecified", "compromised", "superseded", "no_longer_used", "owner_left"]


class _RevokeToken(TypedDict):
    #: The token to revoke.
    token: str


class RevokeToken(_RevokeToken, total=False):
    """The shape RevokeToken of the API."""

    #: Ignored: there is one type of tokens (RFC 7009, section 2.1).
    token_type_hint: str


class RotateKey(TypedDict, total=False):
    """The shape RotateKey of the API."""

    #: How long the old token stays valid, in seconds; 0 if absent, and without `grace`.
    grace_seconds: int
    grace: Grace
    #: Whether the children that the key has made by its old tokens go on with the new one. Else each ends
    #: with the token by which it was made.
    keep_children: bool


class RotatePortalKey(TypedDict, total=False):
    """The shape RotatePortalKey of the API."""

    #: How long the old token stays valid, in seconds; 0 if absent, and without `grace`.
    grace_seconds: int


class RotateWebhook(TypedDict, total=False):
    """The shape RotateWebhook of the API."""

    #: For how long the old secret signs too, in seconds; 0 after a leak. If absent: `86400`.
    grace_seconds: int


class _RotatedKey(TypedDict):
    #: The id of the key, a UUID. No rotation changes it.
    id: str
    #: The organization that owns the key.
    organization_id: str
    #: A name for people. At least one of its characters can be seen.
    name: str
    #: What the key may do, such as `emails:send`.
    permissions: List[str]
    #: When a verification last found the key valid; null if none did.
    last_used_at: Optional[datetime]
    #: The id of the key, member or user that created it; null for the operator.
    created_by: Optional[str]
    #: What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
    created_by_type: Optional[Literal["key", "member", "user"]]
    #: When it was created.
    created_at: datetime
    #: When it was revoked, for good; null if it is not.
    revoked_at: Optional[datetime]
    #: The prefix and the kid of the newest token, which are not secret.
    hint: str
    #: Whether it is valid at this instant, and why not.
    status: Literal["active", "expired", "suspended", "revoked"]
    #: When it expires; null if never.
    expires_at: Optional[datetime]
    #: The operator's own data, which every verdict on the key carries.
    metadata: Dict[str, Any]
    #: What the key is for, in the words of its owner; null if nobody said.
    description: Optional[str]
    #: Words under which the key is found, sorted.
    tags: List[str]
    #: The key of which it is a child, for good; null if it is none.
    parent_id: Optional[str]
    #: From when on it is valid; null for at once.
    not_before: Optional[datetime]
    #: The addresses and networks from which it may be used; empty for anywhere.
    allowed_ips: List[str]
    #: Since when it is suspended; null if it is not.
    suspended_at: Optional[datetime]
    #: The id of the key that suspended it; null for the operator, and if it is not.
    suspended_by: Optional[str]
    #: Why it is suspended, for people.
    suspended_reason: Optional[str]
    #: The id of the key that revoked it; null for the operator, for the report of a leak, and if it is not.
    revoked_by: Optional[str]
    #: Why it was revoked; null if it is not.
    revocation_reason: Optional[Literal["unspecified", "compromised", "superseded", "no_longer_used", "owner_left"]]
    #: That its leak was reported, as of the last report that counts; null if not, and once it is cleared.
    exposure: Optional[Exposure]
    #: Its own limits, with what is left of them; those of its organization are that one's.
    limits: List[LimitState]
    #: The same as `last_used_at`, with what is known of the call; null if none found it valid. Address and
    #: user agent are kept for 30 days.
    last_used: Optional[LastUse]
    #: Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the
    #: header `ETag` has it.
    revision: str
    #: The token. Only this answer contains it.
    key: str


class RotatedKey(_RotatedKey, total=False):
    """The shape RotatedKey of the API."""

    #: Of a decoy, which opens nothing: whether anybody tried it. Absent for every other key.
    decoy: Decoy
    #: The rules of policies that it breaks; only in lists with `breaks_policy`.
    broken_rules: List[Literal["max_lifetime_seconds", "require_expiry", "permissions", "catalogued_only", "prefixes", "require_allowed_ips", "max_keys"]]
    #: A warning: those of its permissions that the catalogue of permissions does not have; absent if there
    #: are none, or no catalogue.
    uncatalogued: List[str]
    #: The outcome of `?wait=applied`.
    applied: Applied


class _RotatedVerdict(TypedDict):
    #: Whether the token may do what was asked, now. Always `false`.
    valid: bool
    #: Why the token is valid or not, in one word.
    code: Literal["rotated"]
    #: The id of the key.
    key_id: str


class RotatedVerdict(_RotatedVerdict, total=False):
    """The shape RotatedVerdict of the API."""

    #: The key of its line of which that is so; absent if it is so of the key itself.
    ancestor_id: str


class _RotatedWebhook(TypedDict):
    #: Its id, a UUID.
    id: str
    #: The organization that owns it.
    organization_id: str
    #: The organization whose events it sends, if it is one of the root organization; null for its own, and
    #: for all.
    source_organization_id: Optional[str]
    #: To where events are posted.
    url: str
    #: Which events are sent.
    events: List[str]
    #: What it is for, for people; null if nobody said.
    description: Optional[str]
    #: `failing` since the last delivery was none; `disabled` until somebody enables it.
    status: Literal["active", "failing", "disabled"]
    #: When it was disabled; null if it is not.
    disabled_at: Optional[datetime]
    #: Why: somebody did it, the receiver answered 410, or no delivery succeeded for 5 days. Null if it is
    #: not.
    disabled_reason: Optional[Literal["by_hand", "gone", "failing"]]
    #: Since when no delivery has succeeded; null if the last one did.
    failing_since: Optional[datetime]
    #: When a receiver last took an event; null if none ever did.
    last_delivered_at: Optional[datetime]
    #: How many events were tried and wait to be tried again.
    pending: int
    #: Until when the secret before the last rotation signs too; null if it does not.
    grace_ends_at: Optional[datetime]
    #: The id of the key or member that created it; null for the operator.
    created_by: Optional[str]
    #: What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
    created_by_type: Optional[Literal["key", "member", "user"]]
    #: When it was created.
    created_at: datetime
    #: Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the
    #: header `ETag` has it.
    revision: str
    #: What signs its messages, as Standard Webhooks has it. Only this answer contains it.
    secret: str


class RotatedWebhook(_RotatedWebhook, total=False):
    """The shape RotatedWebhook of the API."""

    #: The outcome of `?wait=applied`.
    applied: Applied


class SealedEvent(TypedDict):
    """The shape SealedEvent of the API."""

    #: The number of the event in the log, from 1 on.
    sequence: int
    #: The hash of the leaf (RFC 6962), in base64.
    hash: str
    #: The leaf: the bytes that were sealed, a line of canonical JSON; null if the log was cut behind it.
    leaf: Optional[str]
    #: The salt of `details`; null if they were erased.
    details_salt: Optional[str]
    #: What was changed, and by whom: the text to which the leaf commits; null if it was erased.
    details: Optional[str]
    #: The salt of `origin`; null if there is none for this caller.
    origin_salt: Optional[str]
    #: Who of another organization made the change, and from where: for the root organization alone.
    origin: Optional[str]


class ServerMetadata(TypedDict):
    """The shape ServerMetadata of the API."""

    #: The public address of the server.
    issuer: str
    #: Where to verify a token.
    introspection_endpoint: str
    #: How a caller shows itself.
    introspection_endpoint_auth_methods_supported: List[str]
    #: Where to revoke a token.
    revocation_endpoint: str
    #: How a caller shows itself; `none`: the token suffices.
    revocation_endpoint_auth_methods_supported: List[str]
    #: Empty: Latchkey issues no tokens of OAuth 2.0.
    response_types_supported: List[str]
    #: Empty, likewise.
    grant_types_supported: List[str]
    #: The reference of the HTTP API.
    service_documentation: str


class Session(TypedDict):
    """The shape Session of the API."""

    #: The id of the session, a UUID.
    id: str
    #: When the browser signed in.
    created_at: datetime
    #: When it was last used, to the minute.
    last_seen_at: datetime
    #: When it ends in any case.
    expires_at: datetime
    #: When it ends unless it is used before.
    idle_expires_at: datetime
    #: The address from which it was opened.
    ip: Optional[str]
    #: The User-Agent with which it was opened.
    user_agent: Optional[str]
    #: Whether this is the calling session.
    current: bool
    #: Until when its sign-in is fresh, as changes that outlive the session require. May be in the past.
    fresh_until: datetime
    #: What has proved who the person is; null for a session that a key has opened.
    provider: Optional[str]


class SetPolicy(TypedDict, total=False):
    """The shape SetPolicy of the API."""

    #: How long after it is set the expiry of a key may be at most, in seconds: every key then has one. Null
    #: for no rule. If absent: `null`.
    max_lifetime_seconds: Optional[int]
    #: Whether every key must expire. If absent: `false`.
    require_expiry: bool
    #: All that may be granted, those of `latchkey:` included: each permission of a key must be covered by
    #: one of these. Null for no rule. If absent: `null`.
    permissions: Optional[List[str]]
    #: Whether only permissions of the catalogue may be granted. Those of `latchkey:` need not stand in it.
    #: If absent: `false`.
    catalogued_only: bool
    #: What new tokens may begin with. Null for all prefixes of the deployment. If absent: `null`.
    prefixes: Optional[List[str]]
    #: Whether every key must have `allowed_ips`. If absent: `false`.
    require_allowed_ips: bool
    #: How many keys an organization has at most that are neither revoked nor expired. Null for no rule. If
    #: absent: `null`.
    max_keys: Optional[int]
    #: What is done when the newest token of a key is reported as leaked: `revoke` the key, `end_after` some
    #: hours the token, or `notify` alone. Keys with a permission of `latchkey:` are revoked in any case.
    #: Null for no rule: then that of the deployment counts, and without one, `revoke`. If absent: `null`.
    on_leak: Optional[Literal["revoke", "end_after", "notify"]]
    #: After how many hours, with `end_after`; null otherwise. If absent: `null`.
    leak_ends_after_hours: Optional[int]


class SetPrefixes(TypedDict):
    """The shape SetPrefixes of the API."""

    #: What the tokens of new keys may begin with. The first is the default.
    prefixes: List[str]


class Settle(TypedDict):
    """The shape Settle of the API."""

    #: What `reservation` of a verdict says.
    reservation: str
    #: How many units the call draws: a whole number for each limit that applies, or an object with one for
    #: each that is named. 0 looks without drawing.
    cost: Any


class Settlement(TypedDict):
    """The shape Settlement of the API."""

    #: What was reserved of each limit that is still there, and what the call cost.
    settled: List[SettlementSettled]
    #: The limits, with what is left of them now.
    limits: List[VerdictLimit]


class SettlementSettled(TypedDict):
    """The shape SettlementSettled of the API."""

    #: The name of the limit.
    name: str
    #: Whose limit it is: the key's own, its organization's, or that of a key which made it.
    scope: Literal["key", "organization", "ancestor"]
    #: The id of the key or the organization whose limit it is.
    id: str
    #: How many units were reserved.
    reserved: int
    #: How many the call cost.
    cost: int


class ShowInvitation(TypedDict):
    """The shape ShowInvitation of the API."""

    #: The secret of an invitation: what stands behind the # of its link.
    invitation: str


class ShownInvitation(TypedDict):
    """The shape ShownInvitation of the API."""

    #: Who invites.
    organization: ShownInvitationOrganization
    #: The address of the person who is invited.
    email: str
    #: The name of the person; null if nobody said.
    name: Optional[str]
    #: What it is in its organization: a fixed list of permissions.
    role: Literal["owner", "admin", "developer", "viewer", "auditor"]
    #: Until when it can be used.
    expires_at: datetime
    #: The providers that accept it: those that name the organization, listed or not, and the listed ones
    #: for all.
    providers: List[SignInProvider]
    #: Whether a passkey accepts it.
    passkeys: bool


class ShownInvitationOrganization(TypedDict):
    """Who invites."""

    id: str
    #: A name for people. At least one of its characters can be seen.
    name: str


class ShownToken(TypedDict):
    """The shape ShownToken of the API."""

    #: The public id of its secret: the 16 characters behind the prefix.
    kid: str
    #: The SHA-256 of the whole token, in hexadecimal digits.
    sha256: str


class SignInOptions(TypedDict):
    """The shape SignInOptions of the API."""

    #: The listed providers, and the one that was named if there is one of that id.
    providers: List[SignInProvider]
    #: Whether somebody can sign in by a passkey.
    passkeys: bool
    #: Whose tokens open sessions: of keys of the root organization, all, or none.
    tokens: Literal["root", "all", "off"]
    #: Whether a mail server is set up, which sends invitations.
    mail: bool


class SignInProvider(TypedDict):
    """The shape SignInProvider of the API."""

    #: The id of the provider, as the operator chose it.
    id: str
    #: What to call it on a button.
    name: str


class Standing(TypedDict):
    """The shape Standing of the API."""

    #: The organization. Name it as `Latchkey-Organization`.
    id: str
    #: A name for people. At least one of its characters can be seen.
    name: str
    #: As which member the person acts for it.
    member_id: str
    #: What it is in its organization: a fixed list of permissions.
    role: Literal["owner", "admin", "developer", "viewer", "auditor"]


class StartedSession(TypedDict):
    """The shape StartedSession of the API."""

    #: The id of the session, a UUID.
    id: str
    #: When the browser signed in.
    created_at: datetime
    #: When it was last used, to the minute.
    last_seen_at: datetime
    #: When it ends in any case.
    expires_at: datetime
    #: When it ends unless it is used before.
    idle_expires_at: datetime
    #: The address from which it was opened.
    ip: Optional[str]
    #: The User-Agent with which it was opened.
    user_agent: Optional[str]
    #: Whether this is the calling session.
    current: bool
    #: Until when its sign-in is fresh, as changes that outlive the session require. May be in the past.
    fresh_until: datetime
    #: What has proved who the person is; null for a session that a key has opened.
    provider: Optional[str]
    #: Send it as `Latchkey-Session` with each request by the cookie: without it the cookie is not valid.
    page_value: str


class Status(TypedDict):
    """The shape Status of the API."""

    status: Literal["ok"]


class Suspend(TypedDict, total=False):
    """The shape Suspend of the API."""

    #: Why, for people.
    reason: str


class _TokenHash(TypedDict):
    #: How the other system has hashed the token.
    scheme: Literal["sha256", "sha512", "hmac-sha256"]
    #: How the hash is written here.
    encoding: Literal["hex", "base64", "base64url"]
    #: The hash.
    value: str


class TokenHash(_TokenHash, total=False):
    """The shape TokenHash of the API."""

    #: What is hashed: the whole token, or the part behind the first such mark: `after:|`. If absent:
    #: `token`.
    of: str
    #: For `hmac-sha256`: the name of its key in LATCHKEY_PEPPERS.
    pepper: str


class UnknownVerdict(TypedDict):
    """The shape UnknownVerdict of the API."""

    #: Whether the token may do what was asked, now. Always `false`.
    valid: bool
    #: Why the token is valid or not, in one word.
    code: Literal["malformed", "not_found"]


class UpdateKey(TypedDict, total=False):
    """The shape UpdateKey of the API."""

    #: A name for people. At least one of its characters can be seen.
    name: str
    #: Replaces what the key has; null keeps it, as if absent.
    permissions: Optional[List[str]]
    #: When the key expires; null if never.
    expires_at: Optional[datetime]
    #: From when on the key is valid; null for at once. Before it expires.
    not_before: Optional[datetime]
    #: Replaces what the key has; null keeps it, as if absent. An empty list allows every address.
    allowed_ips: Optional[List[str]]
    #: Replaces what the key has; null keeps it, as if absent.
    metadata: Optional[Dict[str, Any]]
    #: What the key is for, in your own words: 1 to 1,000 characters; null for none. Verdicts do not carry
    #: it.
    description: Optional[str]
    #: Replaces what the key has; null keeps it, as if absent.
    tags: Optional[List[str]]
    #: Replaces what the key has; null keeps it, as if absent.
    limits: Optional[List[Limit]]


class UpdateMember(TypedDict, total=False):
    """The shape UpdateMember of the API."""

    #: What it is in its organization: a fixed list of permissions.
    role: Literal["owner", "admin", "developer", "viewer", "auditor"]
    #: Its name, a label; null for none.
    name: Optional[str]


class UpdateOrganization(TypedDict, total=False):
    """The shape UpdateOrganization of the API."""

    #: A name for people. At least one of its characters can be seen.
    name: str
    #: What its members may grant to its keys. Replaces the current list; takes the root organization.
    grantable_permissions: List[str]
    #: By what its members sign in: `any` way, or by a `provider` alone; then a passkey only makes a sign-in
    #: fresh. Setting it takes the root organization.
    sign_in: Literal["any", "provider"]
    #: Replaces what it has; null keeps it, as if absent.
    limits: Optional[List[Limit]]
    #: The name of its plan; null for none. Setting it takes `latchkey:limits:write`.
    plan: Optional[str]


class UpdateOwnIdentity(TypedDict):
    """The shape UpdateOwnIdentity of the API."""

    #: By what its owner knows it.
    label: str


class UpdatePlan(TypedDict, total=False):
    """The shape UpdatePlan of the API."""

    #: All that keys of its organizations may do, whatever they hold; null for no bound. The `latchkey:`
    #: permissions have none.
    permissions: Optional[List[str]]
    limits: Optional[List[Limit]]
    key_limits: Optional[List[Limit]]


class UpdateWebhook(TypedDict, total=False):
    """The shape UpdateWebhook of the API."""

    #: To where events are posted: `https://`, and an address that everybody can reach.
    url: str
    #: Which events are sent: names such as `key.revoked`, all of a kind as `key.*`, or `*`.
    events: List[str]
    #: What it is for, for people; null if nobody said.
    description: Optional[str]
    #: False stops it; true lets it go on.
    enabled: bool
    #: From where one goes on that is enabled again: from where it stopped, 30 days back at most, or with
    #: what comes now. `stopped` if absent.
    resume_from: Literal["stopped", "now"]


class _UsageReport(TypedDict):
    #: Names the verifier, and no other one of the calling key.
    source: str
    #: Grows with each report of the verifier. A number that was written before, or a lower one, changes
    #: nothing.
    number: int
    #: What was counted.
    counts: List[ReportedCount]
    #: When secrets were last found valid.
    uses: List[Use]


class UsageReport(_UsageReport, total=False):
    """The shape UsageReport of the API."""

    #: What the calls had in common.
    profiles: List[ReportedProfile]


class UsageReported(TypedDict):
    """The shape UsageReported of the API."""

    #: The time by the clock that decides of hours.
    at: datetime


class UsageRow(TypedDict):
    """The shape UsageRow of the API."""

    #: When the period begins; of `total`, the range.
    start: datetime
    #: The id of the group, its code or permission; null without groups, for tokens of no key, and for calls
    #: whose permissions are not known.
    id: Optional[str]
    #: The name of the key or of the organization; null for anything else.
    name: Optional[str]
    #: How many verdicts there were.
    calls: int
    #: How many of them were valid.
    valid: int
    #: How many were refused, by the code of the verdict.
    refused: Dict[str, int]
    #: The units that were drawn, by limit.
    units: List[UsedUnits]


class _Use(TypedDict):
    kid: str
    at: datetime


class Use(_Use, total=False):
    """The shape Use of the API."""

    context: CallContext


class UsedUnits(TypedDict):
    """The shape UsedUnits of the API."""

    #: Whose limit it is, beside the key that was verified.
    scope: Literal["key", "organization", "ancestor"]
    #: The name of the limit.
    name: str
    #: How many units were drawn, with what settlements have drawn and given back since.
    units: int


class _ValidVerdict(TypedDict):
    #: Whether the token may do what was asked, now. Always `true`.
    valid: bool
    #: Why the token is valid or not, in one word.
    code: Literal["valid"]
    #: The id of the key.
    key_id: str
    #: The organization that owns the key.
    organization_id: str
    #: The name of the key.
    name: str
    #: What the key may do, within what the keys may of which it is a child.
    permissions: List[str]
    #: When the key expires, or one of which it is a child; null if never.
    expires_at: Optional[datetime]
    #: The operator's own data about the key.
    metadata: Dict[str, Any]


class ValidVerdict(_ValidVerdict, total=False):
    """The shape ValidVerdict of the API."""

    #: The limits that apply, with what is left of them; absent if there are none.
    limits: List[VerdictLimit]
    #: What was reserved, for one settlement; opaque, and no secret of the key.
    reservation: str


class _VerdictLimit(TypedDict):
    #: The name of the limit.
    name: str
    #: Whose limit it is: the key's own, its organization's, or that of a key which made it.
    scope: Literal["key", "organization", "ancestor"]
    #: The id of the key or the organization whose limit it is.
    id: str
    #: How many units there are in each window, or in each period.
    limit: int
    #: How many units are left.
    remaining: int
    #: When a quota begins anew, or a rate will be full; null for a quota that never does.
    resets_at: Optional[datetime]


class VerdictLimit(_VerdictLimit, total=False):
    """The shape VerdictLimit of the API."""

    #: Of a rate: in how many seconds it gains `limit`.
    window_seconds: int


class _VerifyKey(TypedDict):
    #: The token to verify.
    key: str


class VerifyKey(_VerifyKey, total=False):
    """The shape VerifyKey of the API."""

    #: All of these are required. If absent: `[]`.
    permissions: List[str]
    #: A token with another prefix is `wrong_environment`; any prefix if absent.
    prefix: str
    #: How many units the call draws: a whole number for each limit that applies, or an object with one for
    #: each that is named. 0 looks without drawing.
    cost: Any
    #: Reserves the cost for so long: the verdict has a `reservation`, which a settlement brings to the true
    #: cost.
    reserve_seconds: int
    #: From where the call comes, and what it calls. It is counted; by `ip`, keys with `allowed_ips` are
    #: judged.
    context: CallContext


class Webhook(TypedDict):
    """The shape Webhook of the API."""

    #: Its id, a UUID.
    id: str
    #: The organization that owns it.
    organization_id: str
    #: The organization whose events it sends, if it is one of the root organization; null for its own, and
    #: for all.
    source_organization_id: Optional[str]
    #: To where events are posted.
    url: str
    #: Which events are sent.
    events: List[str]
    #: What it is for, for people; null if nobody said.
    description: Optional[str]
    #: `failing` since the last delivery was none; `disabled` until somebody enables it.
    status: Literal["active", "failing", "disabled"]
    #: When it was disabled; null if it is not.
    disabled_at: Optional[datetime]
    #: Why: somebody did it, the receiver answered 410, or no delivery succeeded for 5 days. Null if it is
    #: not.
    disabled_reason: Optional[Literal["by_hand", "gone", "failing"]]
    #: Since when no delivery has succeeded; null if the last one did.
    failing_since: Optional[datetime]
    #: When a receiver last took an event; null if none ever did.
    last_delivered_at: Optional[datetime]
    #: How many events were tried and wait to be tried again.
    pending: int
    #: Until when the secret before the last rotation signs too; null if it does not.
    grace_ends_at: Optional[datetime]
    #: The id of the key or member that created it; null for the operator.
    created_by: Optional[str]
    #: What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
    created_by_type: Optional[Literal["key", "member", "user"]]
    #: When it was created.
    created_at: datetime
    #: Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the
    #: header `ETag` has it.
    revision: str


class WebhookTest(TypedDict):
    """The shape WebhookTest of the API."""

    #: Whether the receiver took it: it answered 2xx.
    delivered: bool
    #: The status of the answer to the last attempt; null if there was none.
    http_status: Optional[int]
    #: Why there was no answer, or why it counts as a failure; null otherwise.
    error: Optional[str]
    #: The first 1,024 bytes of the answer, if they are text; null for callers without
    #: `latchkey:webhooks:write`.
    answer: Optional[str]
    #: How long the last attempt took, in milliseconds; null before the first.
    duration_ms: Optional[int]


TrufflehogFinding = Dict[str, Dict[str, List[str]]]

Verdict = Union[InsufficientVerdict, ExceededVerdict, EndedVerdict, EarlyVerdict, RotatedVerdict, UnknownVerdict, ValidVerdict]
