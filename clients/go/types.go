// Code generated from the OpenAPI document by test/clients-go.test.ts. DO NOT EDIT.

package latchkey

import "time"

// AddUnits is what a caller sends as AddUnits in /openapi.json.
type AddUnits struct {
	// How many units to add; negative to take some away.
	Add int64 `json:"add"`
	// Your own id of what was bought: the same one adds once, however often it comes.
	Reference string `json:"reference,omitempty"`
}

// Applied is what the API calls Applied in /openapi.json.
type Applied struct {
	// Whether every live process confirmed.
	Confirmed bool `json:"confirmed"`
	// How long the wait took: about two seconds at most.
	Milliseconds int64 `json:"milliseconds"`
	// The processes (host:pid) that did not confirm; what they cached has expired. For keys outside the root
	// organization the names are process-1 and so on.
	Silent []string `json:"silent"`
}

// AskedCounter is what a caller sends as AskedCounter in /openapi.json.
type AskedCounter struct {
	// The key whose limit it is, itself or as an ancestor of the verified one.
	KeyID string `json:"key_id,omitempty"`
	// The organization whose limit it is.
	OrganizationID string `json:"organization_id,omitempty"`
	Scope          string `json:"scope"`
	// The name of the limit.
	Name string `json:"name"`
	// Of two limits with one name, a rate and a quota: which of them.
	Kind  string `json:"kind,omitempty"`
	Epoch int64  `json:"epoch"`
	// The period of the units that it holds, as the last answer gave it. If absent: `0`.
	Period *int64 `json:"period,omitempty"`
	// How many units it holds and keeps. The rest was spent.
	Unspent int64 `json:"unspent"`
	// How many of the units that it held come back. If absent: `0`.
	Back *int64 `json:"back,omitempty"`
	// How many units of the last `given` no call took. If absent: `0`.
	Unused *int64 `json:"unused,omitempty"`
	// What calls that wait need, all together.
	Need int64 `json:"need"`
	// What the cheapest of these calls needs. If absent: `0`.
	Least *int64 `json:"least,omitempty"`
	// How many units it wants to hold. The server decides.
	Want int64 `json:"want"`
}

// AuditEvent is what the API calls AuditEvent in /openapi.json.
type AuditEvent struct {
	// The id of the event, a UUID.
	ID string `json:"id"`
	// When the change was made.
	At time.Time `json:"at"`
	// What was done.
	Action string `json:"action"`
	// The id of the key, member or user that made the change; null for the operator and for Latchkey itself.
	Actor *string `json:"actor"`
	// The kind of actor that made the change.
	ActorType string `json:"actor_type"`
	// The organization that it was done to.
	OrganizationID string `json:"organization_id"`
	// The key that it was done to; null if it was none.
	KeyID *string `json:"key_id"`
	// The new value of each field that changed, or its old and new values.
	Changes map[string]any `json:"changes"`
	// The id of the request in the log; null if it was none.
	RequestID *string `json:"request_id"`
	// The client's address; null for a change without a request.
	IP *string `json:"ip"`
	// Whether what it told was erased: `changes` is empty then, and nobody knows the actor.
	IsErased bool `json:"is_erased"`
	// The number of the event among those of its organization, without gaps; null for the moment before it has one.
	Sequence *int64 `json:"sequence"`
	// The portal session by which a user acted; null for every other actor.
	Via *string `json:"via"`
}

// BeginPasskey is what a caller sends as BeginPasskey in /openapi.json.
type BeginPasskey struct {
	// What for: `sign_in`; or `fresh`, to make the sign-in of the calling session fresh, which takes a passkey of
	// the calling member. If absent: `sign_in`.
	Purpose string `json:"purpose,omitempty"`
}

// BeginRegistration is what a caller sends as BeginRegistration in /openapi.json.
type BeginRegistration struct {
	// The secret of the invitation that the passkey accepts. Without it, the calling member gets one more.
	Invitation string `json:"invitation,omitempty"`
}

// BeginSignIn is what a caller sends as BeginSignIn in /openapi.json.
type BeginSignIn struct {
	// What for: `sign_in`; `invitation`, to accept one; `identity`, to add one more to those of the calling member;
	// `fresh`, to make the sign-in of the calling session fresh.
	Purpose string `json:"purpose"`
	// The secret of an invitation: what stands behind the # of its link.
	Invitation string `json:"invitation,omitempty"`
}

// BegunPasskey is what the API calls BegunPasskey in /openapi.json.
type BegunPasskey struct {
	// What the page hands to the browser, by `PublicKeyCredential.parseRequestOptionsFromJSON` or
	// `parseCreationOptionsFromJSON`.
	Options map[string]any `json:"options"`
}

// BegunSignIn is what the API calls BegunSignIn in /openapi.json.
type BegunSignIn struct {
	// The page of the provider to which the browser goes.
	URL string `json:"url"`
}

// BulkChange is what a caller sends as BulkChange in /openapi.json.
type BulkChange struct {
	// What to do with each key.
	Action string `json:"action"`
	// The keys, by their ids; or else `filter`.
	IDs []string `json:"ids,omitempty"`
	// The keys that a list with these filters has; or else `ids`.
	Filter *BulkChangeFilter `json:"filter,omitempty"`
	// Why: for `revoke` one of unspecified, compromised, superseded, no_longer_used, owner_left; for `suspend` a
	// text for people.
	Reason string `json:"reason,omitempty"`
	// For `tag`: the tags that each key gets.
	AddTags []string `json:"add_tags,omitempty"`
	// For `tag`: the tags that each key loses.
	RemoveTags []string `json:"remove_tags,omitempty"`
	// How many keys are meant. If it are others, nothing is done. Only a dry run needs none.
	Expect *int64 `json:"expect,omitempty"`
	// Whether to tell only what would be done.
	DryRun *bool `json:"dry_run,omitempty"`
}

// BulkChangeFilter is what a caller sends as BulkChangeFilter in /openapi.json.
type BulkChangeFilter struct {
	// Only keys of this status; if absent, active ones, and for `resume` suspended ones.
	Status string `json:"status,omitempty"`
	// Only keys of this organization. The caller's own if absent; every one for the root organization.
	OrganizationID string `json:"organization_id,omitempty"`
	// Only keys whose name or description contains this text, case-insensitive.
	Q string `json:"q,omitempty"`
	// Only keys that have this tag, or all of several.
	Tag []string `json:"tag,omitempty"`
	// Only keys that hold exactly this permission: `emails:*` does not find keys that hold `emails:send`, nor the
	// other way round.
	Permission string `json:"permission,omitempty"`
	// Only keys that this key, member or user created, by its id.
	CreatedBy string `json:"created_by,omitempty"`
	// Only keys that a member has created who is removed.
	Creator string `json:"creator,omitempty"`
	// Only keys of whose valid tokens this member has seen one.
	TokenSeenBy string `json:"token_seen_by,omitempty"`
	// Only keys whose tokens begin with this prefix.
	Prefix string `json:"prefix,omitempty"`
	// Only the key that has, or had, the secret with this kid.
	Kid string `json:"kid,omitempty"`
	// Only the key that has, or had, the token with this hint.
	Hint string `json:"hint,omitempty"`
	// Only keys that expire before this instant.
	ExpiresBefore *time.Time `json:"expires_before,omitempty"`
	// Only keys that were created before this instant and not used from then on.
	UnusedSince *time.Time `json:"unused_since,omitempty"`
	// Only keys that were never used, or, if false, that were used at least once.
	NeverUsed *bool `json:"never_used,omitempty"`
	// Only keys that are marked as leaked, or, if false, that are not.
	Exposed *bool `json:"exposed,omitempty"`
	// Only decoys or, if false, only keys that are none.
	Decoy *bool `json:"decoy,omitempty"`
}

// BulkFailure is what the API calls BulkFailure in /openapi.json.
type BulkFailure struct {
	// The id of the key.
	ID string `json:"id"`
	// The code of the error, as for a change of this key alone.
	Code string `json:"code"`
	// The error in words.
	Detail string `json:"detail"`
}

// BulkResult is what the API calls BulkResult in /openapi.json.
type BulkResult struct {
	// How many keys were meant.
	Matched int64 `json:"matched"`
	// How many of them are changed; in a dry run, would be.
	Changed int64 `json:"changed"`
	// How many were so already.
	Unchanged int64 `json:"unchanged"`
	// The calling key, by its id, if it was meant: it changes only by itself.
	Skipped []string `json:"skipped"`
	// The keys that could not be changed, each with the reason.
	Failures []BulkFailure `json:"failures"`
	// How many keys were not come to, because a later transaction failed: 0 as a rule. To repeat the call is safe.
	Left int64 `json:"left"`
	// The code of the error that stopped it; null if none did.
	StoppedBy *string `json:"stopped_by"`
	// Whether nothing was changed.
	IsDryRun bool `json:"is_dry_run"`
	// The outcome of `?wait=applied`.
	Applied *Applied `json:"applied,omitempty"`
}

// CallContext is what a caller sends as CallContext in /openapi.json.
type CallContext struct {
	// The address of the client.
	IP string `json:"ip,omitempty"`
	// The `User-Agent` of the client.
	UserAgent string `json:"user_agent,omitempty"`
	// What is called, such as `POST /emails`: few different ones, and never a query.
	Operation string `json:"operation,omitempty"`
}

// CatalogueEntry is what the API calls CatalogueEntry in /openapi.json.
type CatalogueEntry struct {
	// The permission; a wildcard stands for all that it covers.
	Name string `json:"name"`
	// What it lets a key do; null if nobody said.
	Description *string `json:"description"`
	// Under which heading forms show it; null for none.
	Group *string `json:"group"`
}

// ChangeDone is what the API calls ChangeDone in /openapi.json.
type ChangeDone struct {
	// Always `true`.
	Success bool `json:"success"`
	// The outcome of `?wait=applied`.
	Applied *Applied `json:"applied,omitempty"`
}

// ChangedKey is what the API calls ChangedKey in /openapi.json.
type ChangedKey struct {
	// The id of the key, a UUID. No rotation changes it.
	ID string `json:"id"`
	// The organization that owns the key.
	OrganizationID string `json:"organization_id"`
	// A name for people. At least one of its characters can be seen.
	Name string `json:"name"`
	// What the key may do, such as `emails:send`.
	Permissions []string `json:"permissions"`
	// When a verification last found the key valid; null if none did.
	LastUsedAt *time.Time `json:"last_used_at"`
	// The id of the key, member or user that created it; null for the operator.
	CreatedBy *string `json:"created_by"`
	// What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
	CreatedByType *string `json:"created_by_type"`
	// When it was created.
	CreatedAt time.Time `json:"created_at"`
	// When it was revoked, for good; null if it is not.
	RevokedAt *time.Time `json:"revoked_at"`
	// The prefix and the kid of the newest token, which are not secret.
	Hint string `json:"hint"`
	// Whether it is valid at this instant, and why not.
	Status string `json:"status"`
	// When it expires; null if never.
	ExpiresAt *time.Time `json:"expires_at"`
	// The operator's own data, which every verdict on the key carries.
	Metadata map[string]any `json:"metadata"`
	// What the key is for, in the words of its owner; null if nobody said.
	Description *string `json:"description"`
	// Words under which the key is found, sorted.
	Tags []string `json:"tags"`
	// The key of which it is a child, for good; null if it is none.
	ParentID *string `json:"parent_id"`
	// From when on it is valid; null for at once.
	NotBefore *time.Time `json:"not_before"`
	// The addresses and networks from which it may be used; empty for anywhere.
	AllowedIPs []string `json:"allowed_ips"`
	// Since when it is suspended; null if it is not.
	SuspendedAt *time.Time `json:"suspended_at"`
	// The id of the key that suspended it; null for the operator, and if it is not.
	SuspendedBy *string `json:"suspended_by"`
	// Why it is suspended, for people.
	SuspendedReason *string `json:"suspended_reason"`
	// The id of the key that revoked it; null for the operator, for the report of a leak, and if it is not.
	RevokedBy *string `json:"revoked_by"`
	// Why it was revoked; null if it is not.
	RevocationReason *string `json:"revocation_reason"`
	// That its leak was reported, as of the last report that counts; null if not, and once it is cleared.
	Exposure *Exposure `json:"exposure"`
	// Its own limits, with what is left of them; those of its organization are that one's.
	Limits []LimitState `json:"limits"`
	// The same as `last_used_at`, with what is known of the call; null if none found it valid. Address and user
	// agent are kept for 30 days.
	LastUsed *LastUse `json:"last_used"`
	// Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag`
	// has it.
	Revision string `json:"revision"`
	// Of a decoy, which opens nothing: whether anybody tried it. Absent for every other key.
	Decoy *Decoy `json:"decoy,omitempty"`
	// The rules of policies that it breaks; only in lists with `breaks_policy`.
	BrokenRules []string `json:"broken_rules,omitempty"`
	// A warning: those of its permissions that the catalogue of permissions does not have; absent if there are none,
	// or no catalogue.
	Uncatalogued []string `json:"uncatalogued,omitempty"`
	// The outcome of `?wait=applied`.
	Applied *Applied `json:"applied,omitempty"`
}

// ChangedLimit is what the API calls ChangedLimit in /openapi.json.
type ChangedLimit struct {
	// The name of the limit.
	Name string `json:"name"`
	// How many units there are in each window, or in each period.
	Limit int64 `json:"limit"`
	// Of a rate: in how many seconds it gains `limit` units, evenly.
	WindowSeconds *int64 `json:"window_seconds,omitempty"`
	// Of a rate: how many units its bucket holds.
	Burst *int64 `json:"burst,omitempty"`
	// Of a quota: for which periods it has `limit` units; null if they never come again.
	Resets *string `json:"resets,omitempty"`
	// Of a weekly or monthly quota: an instant at which a period begins.
	Anchor *time.Time `json:"anchor,omitempty"`
	// Of a quota: how far a settlement may draw it below zero.
	Overdraft *int64 `json:"overdraft,omitempty"`
	// How many units a call draws that names no cost.
	DefaultCost int64 `json:"default_cost"`
	// How many units are left; those that processes hold are among them.
	Remaining int64 `json:"remaining"`
	// How many units are missing to 0: settlements drew more than there were, or units were taken away, or the limit
	// was lowered. What comes pays them first.
	Owed int64 `json:"owed"`
	// How many of these processes hold, to answer calls from memory.
	Held int64 `json:"held"`
	// When a quota begins anew, or a rate will be full; null for a quota that never does.
	ResetsAt *time.Time `json:"resets_at"`
	// The outcome of `?wait=applied`.
	Applied *Applied `json:"applied,omitempty"`
}

// ChangedMember is what the API calls ChangedMember in /openapi.json.
type ChangedMember struct {
	// The id of the member, a UUID.
	ID string `json:"id"`
	// The organization for which it acts.
	OrganizationID string `json:"organization_id"`
	// Its address, a label; null once it is erased.
	Email *string `json:"email"`
	// Whether somebody has proved that the address is its own.
	EmailVerified bool `json:"email_verified"`
	// Its name, a label; null if nobody said, and once it is erased.
	Name *string `json:"name"`
	// What it is in its organization: a fixed list of permissions.
	Role string `json:"role"`
	// What gave it its role: somebody, or a rule.
	RoleSource string `json:"role_source"`
	// What its role may do.
	Permissions []string `json:"permissions"`
	// Whether it may act, and why not.
	Status string `json:"status"`
	// When it last acted, to the minute; null if never.
	LastSeenAt *time.Time `json:"last_seen_at"`
	// When it became a member.
	CreatedAt time.Time `json:"created_at"`
	// The id of the key or member that invited it; null for the operator.
	CreatedBy *string `json:"created_by"`
	// What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
	CreatedByType *string `json:"created_by_type"`
	// Since when it is suspended; null if it is not.
	SuspendedAt *time.Time `json:"suspended_at"`
	// Why it is suspended, for people.
	SuspendedReason *string `json:"suspended_reason"`
	// When it was removed, for good; null if it is not.
	RemovedAt *time.Time `json:"removed_at"`
	// Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag`
	// has it.
	Revision string `json:"revision"`
	// The outcome of `?wait=applied`.
	Applied *Applied `json:"applied,omitempty"`
}

// ChangedOrganization is what the API calls ChangedOrganization in /openapi.json.
type ChangedOrganization struct {
	// The id, as it was chosen or made; it never changes.
	ID string `json:"id"`
	// A name for people. At least one of its characters can be seen.
	Name string `json:"name"`
	// When it was created.
	CreatedAt time.Time `json:"created_at"`
	// Its own limits, from which all of its keys draw, with what is left of them.
	Limits []LimitState `json:"limits"`
	// The name of its plan; null for none.
	Plan *string `json:"plan"`
	// Since when it is suspended, with all of its keys; null if it is not.
	SuspendedAt *time.Time `json:"suspended_at"`
	// The id of the key that suspended it; null for the operator, and if it is not.
	SuspendedBy *string `json:"suspended_by"`
	// Why it is suspended, for people.
	SuspendedReason *string `json:"suspended_reason"`
	// What its members may grant to its keys outside `latchkey:`. Those of the root organization may grant
	// everything there.
	GrantablePermissions []string `json:"grantable_permissions"`
	// By what its members sign in: `any` way, or by a `provider` alone; then a passkey only makes a sign-in fresh.
	SignIn string `json:"sign_in"`
	// Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag`
	// has it.
	Revision string `json:"revision"`
	// The outcome of `?wait=applied`.
	Applied *Applied `json:"applied,omitempty"`
}

// ChangedPlan is what the API calls ChangedPlan in /openapi.json.
type ChangedPlan struct {
	// The name of the plan.
	Name string `json:"name"`
	// All that keys of its organizations may do, whatever they hold; null for no bound.
	Permissions []string `json:"permissions"`
	// What all keys of an organization draw from together.
	Limits []PlainLimit `json:"limits"`
	// What each key has of its own.
	KeyLimits []PlainLimit `json:"key_limits"`
	// When it was created.
	CreatedAt time.Time `json:"created_at"`
	// Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag`
	// has it.
	Revision string `json:"revision"`
	// The outcome of `?wait=applied`.
	Applied *Applied `json:"applied,omitempty"`
}

// ChangedPolicy is what the API calls ChangedPolicy in /openapi.json.
type ChangedPolicy struct {
	// How long after it is set the expiry of a key may be at most, in seconds: every key then has one. Null for no
	// rule.
	MaxLifetimeSeconds *int64 `json:"max_lifetime_seconds"`
	// Whether every key must expire.
	RequireExpiry bool `json:"require_expiry"`
	// All that may be granted; null for no rule.
	Permissions []string `json:"permissions"`
	// Whether only permissions of the catalogue may be granted. Those of `latchkey:` need not stand in it.
	CataloguedOnly bool `json:"catalogued_only"`
	// What new tokens may begin with; null for no rule.
	Prefixes []string `json:"prefixes"`
	// Whether every key must have `allowed_ips`.
	RequireAllowedIPs bool `json:"require_allowed_ips"`
	// How many keys an organization has at most that are neither revoked nor expired. Null for no rule.
	MaxKeys *int64 `json:"max_keys"`
	// What is done when the newest token of a key is reported as leaked: `revoke` the key, `end_after` some hours
	// the token, or `notify` alone. Keys with a permission of `latchkey:` are revoked in any case. Null for no rule:
	// then that of the deployment counts, and without one, `revoke`.
	OnLeak *string `json:"on_leak"`
	// After how many hours, with `end_after`; null otherwise.
	LeakEndsAfterHours *int64 `json:"leak_ends_after_hours"`
	// When it was last set; null if it never was.
	SetAt *time.Time `json:"set_at"`
	// Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag`
	// has it.
	Revision string `json:"revision"`
	// The outcome of `?wait=applied`.
	Applied *Applied `json:"applied,omitempty"`
}

// ChangedWebhook is what the API calls ChangedWebhook in /openapi.json.
type ChangedWebhook struct {
	// Its id, a UUID.
	ID string `json:"id"`
	// The organization that owns it.
	OrganizationID string `json:"organization_id"`
	// The organization whose events it sends, if it is one of the root organization; null for its own, and for all.
	SourceOrganizationID *string `json:"source_organization_id"`
	// To where events are posted.
	URL string `json:"url"`
	// Which events are sent.
	Events []string `json:"events"`
	// What it is for, for people; null if nobody said.
	Description *string `json:"description"`
	// `failing` since the last delivery was none; `disabled` until somebody enables it.
	Status string `json:"status"`
	// When it was disabled; null if it is not.
	DisabledAt *time.Time `json:"disabled_at"`
	// Why: somebody did it, the receiver answered 410, or no delivery succeeded for 5 days. Null if it is not.
	DisabledReason *string `json:"disabled_reason"`
	// Since when no delivery has succeeded; null if the last one did.
	FailingSince *time.Time `json:"failing_since"`
	// When a receiver last took an event; null if none ever did.
	LastDeliveredAt *time.Time `json:"last_delivered_at"`
	// How many events were tried and wait to be tried again.
	Pending int64 `json:"pending"`
	// Until when the secret before the last rotation signs too; null if it does not.
	GraceEndsAt *time.Time `json:"grace_ends_at"`
	// The id of the key or member that created it; null for the operator.
	CreatedBy *string `json:"created_by"`
	// What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
	CreatedByType *string `json:"created_by_type"`
	// When it was created.
	CreatedAt time.Time `json:"created_at"`
	// Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag`
	// has it.
	Revision string `json:"revision"`
	// The outcome of `?wait=applied`.
	Applied *Applied `json:"applied,omitempty"`
}

// Checkpoint is what the API calls Checkpoint in /openapi.json.
type Checkpoint struct {
	// Names the log, for ever.
	Origin string `json:"origin"`
	// How many events the log has.
	Size int64 `json:"size"`
	// A hash of 32 bytes, in base64.
	RootHash string `json:"root_hash"`
	// Whether the note is signed: without a keyring it is not.
	IsSigned bool `json:"is_signed"`
	// The checkpoint as a signed note (C2SP tlog-checkpoint): what to keep.
	Note string `json:"note"`
}

// CreateInvitation is what a caller sends as CreateInvitation in /openapi.json.
type CreateInvitation struct {
	// Who invites. The organization of the caller if absent; another one takes the root organization.
	OrganizationID string `json:"organization_id,omitempty"`
	// The address of the person who is invited.
	Email string `json:"email"`
	// What it is in its organization: a fixed list of permissions.
	Role string `json:"role"`
	// The name of the person, a label.
	Name *Nullable[string] `json:"name,omitempty"`
	// Whether Latchkey sends the link to the person by mail, and tells it nobody else. If the mail server does not
	// take it within seven seconds, `sent` is false, and `url` has the link. If absent: `false`.
	Send *bool `json:"send,omitempty"`
}

// CreateKey is what a caller sends as CreateKey in /openapi.json.
type CreateKey struct {
	// A name for people. At least one of its characters can be seen.
	Name string `json:"name"`
	// What the key may do, such as `emails:send` or `emails:*`; nothing if absent.
	Permissions []string `json:"permissions,omitempty"`
	// When the key expires; null if never.
	ExpiresAt *Nullable[time.Time] `json:"expires_at,omitempty"`
	// From when on the key is valid; null for at once. Before it expires.
	NotBefore *Nullable[time.Time] `json:"not_before,omitempty"`
	// From where it may be used: addresses and networks, at most 32. From anywhere if empty or absent.
	AllowedIPs *Nullable[[]string] `json:"allowed_ips,omitempty"`
	// Your own data: at most 4 KiB as JSON, 256 values, 32 levels; numbers that a double holds exactly. If absent:
	// `{}`.
	Metadata map[string]any `json:"metadata,omitempty"`
	// What the key is for, in your own words: 1 to 1,000 characters; null for none. Verdicts do not carry it. If
	// absent: `null`.
	Description *Nullable[string] `json:"description,omitempty"`
	// Words under which the key is found. Each counts once; verdicts do not carry them.
	Tags []string `json:"tags,omitempty"`
	// How many units its calls may draw. Without `latchkey:limits:write`, these come on top of the limits of the key
	// that creates it.
	Limits []Limit `json:"limits,omitempty"`
	// What its tokens begin with, of the prefixes that the deployment allows; its first if absent.
	Prefix string `json:"prefix,omitempty"`
	// The organization that owns the key; the caller's own if absent. Root organization only.
	OrganizationID string `json:"organization_id,omitempty"`
	// The id of the operator's user for whom the key is created; root organization only.
	CreatedBy string `json:"created_by,omitempty"`
	// The key of which it is a child, of the same organization: it may do no more than that one, and ends with it.
	ParentID string `json:"parent_id,omitempty"`
	// Whether it is a decoy: its token opens nothing, is answered like one that nobody made, and tells by the event
	// `key.decoy_tried` when somebody tries it. For good. A decoy is no child. If absent: `false`.
	Decoy *bool `json:"decoy,omitempty"`
}

// CreateOrganization is what a caller sends as CreateOrganization in /openapi.json.
type CreateOrganization struct {
	// If absent: a new UUID. Choose a UUID if programs of the organization take no other ids.
	ID string `json:"id,omitempty"`
	// A name for people. At least one of its characters can be seen.
	Name string `json:"name"`
	// All of its keys draw from these. Setting them takes `latchkey:limits:write`.
	Limits []Limit `json:"limits,omitempty"`
	// The name of its plan; null for none. Setting it takes `latchkey:limits:write`. If absent: `null`.
	Plan *Nullable[string] `json:"plan,omitempty"`
}

// CreatePlan is what a caller sends as CreatePlan in /openapi.json.
type CreatePlan struct {
	// The name of the plan.
	Name string `json:"name"`
	// All that keys of its organizations may do, whatever they hold; null for no bound. The `latchkey:` permissions
	// have none. If absent: `null`.
	Permissions *Nullable[[]string] `json:"permissions,omitempty"`
	// All keys of an organization draw from these together.
	Limits []Limit `json:"limits,omitempty"`
	// Each key has these of its own. A key's own limit of the same name counts instead if it is tighter, or was set
	// with `latchkey:limits:write`.
	KeyLimits []Limit `json:"key_limits,omitempty"`
}

// CreatePortalKey is what a caller sends as CreatePortalKey in /openapi.json.
type CreatePortalKey struct {
	// A name for people. At least one of its characters can be seen.
	Name string `json:"name"`
	// What the key is for, in your own words: 1 to 1,000 characters; null for none. Verdicts do not carry it. If
	// absent: `null`.
	Description *Nullable[string] `json:"description,omitempty"`
	// What the key may do, such as `emails:send` or `emails:*`; nothing if absent.
	Permissions []string `json:"permissions,omitempty"`
	// What its tokens begin with, of the prefixes that the deployment allows; its first if absent.
	Prefix string `json:"prefix,omitempty"`
	// When the key expires; null if never.
	ExpiresAt *Nullable[time.Time] `json:"expires_at,omitempty"`
}

// CreatePortalSession is what a caller sends as CreatePortalSession in /openapi.json.
type CreatePortalSession struct {
	// A `link` opens a page of Latchkey’s own; an `embed` is a token for `<latchkey-keys>` in a page of the
	// operator’s.
	Kind string `json:"kind"`
	// The organization whose keys the user sees; never the root organization.
	OrganizationID string `json:"organization_id"`
	// Whose session it is.
	User GivenPortalUser `json:"user"`
	// What the user may do: `latchkey:keys:read`, `latchkey:keys:write`, `latchkey:usage:read`; and, outside
	// `latchkey:`, what the keys that it makes may be granted. All covered by the caller.
	Permissions []string `json:"permissions"`
	// Only keys whose tokens begin with one of these: it sees no others, and makes none. Null or absent for all.
	Prefixes *Nullable[[]string] `json:"prefixes,omitempty"`
	// How long it lasts; 3600 if absent for a link, 900 for an embed.
	ExpiresInSeconds *int64 `json:"expires_in_seconds,omitempty"`
	// The exact origin of the page that shows the element; of an embed, and of no link.
	Origin *Nullable[string] `json:"origin,omitempty"`
	// Where the page of a link leads back to; of no embed.
	ReturnURL *Nullable[string] `json:"return_url,omitempty"`
	// In which colours the page is shown; `auto` as the browser prefers. If absent: `auto`.
	Scheme string `json:"scheme,omitempty"`
	// The language of the page (BCP 47); null or absent as the browser prefers.
	Lang *Nullable[string] `json:"lang,omitempty"`
}

// CreateWebhook is what a caller sends as CreateWebhook in /openapi.json.
type CreateWebhook struct {
	// To where events are posted: `https://`, and an address that everybody can reach.
	URL string `json:"url"`
	// Which events are sent: names such as `key.revoked`, all of a kind as `key.*`, or `*`.
	Events []string `json:"events"`
	// What it is for, for people; null if nobody said. If absent: `null`.
	Description *Nullable[string] `json:"description,omitempty"`
	// The organization that owns it. The caller's own if absent; only a key of the root organization may name
	// another.
	OrganizationID string `json:"organization_id,omitempty"`
	// For one of the root organization: it sends the events of this organization alone; those of all if null.
	SourceOrganizationID *Nullable[string] `json:"source_organization_id,omitempty"`
}

// CreatedKey is what the API calls CreatedKey in /openapi.json.
type CreatedKey struct {
	// The id of the key, a UUID. No rotation changes it.
	ID string `json:"id"`
	// The organization that owns the key.
	OrganizationID string `json:"organization_id"`
	// A name for people. At least one of its characters can be seen.
	Name string `json:"name"`
	// What the key may do, such as `emails:send`.
	Permissions []string `json:"permissions"`
	// When a verification last found the key valid; null if none did.
	LastUsedAt *time.Time `json:"last_used_at"`
	// The id of the key, member or user that created it; null for the operator.
	CreatedBy *string `json:"created_by"`
	// What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
	CreatedByType *string `json:"created_by_type"`
	// When it was created.
	CreatedAt time.Time `json:"created_at"`
	// When it was revoked, for good; null if it is not.
	RevokedAt *time.Time `json:"revoked_at"`
	// The prefix and the kid of the newest token, which are not secret.
	Hint string `json:"hint"`
	// Whether it is valid at this instant, and why not.
	Status string `json:"status"`
	// When it expires; null if never.
	ExpiresAt *time.Time `json:"expires_at"`
	// The operator's own data, which every verdict on the key carries.
	Metadata map[string]any `json:"metadata"`
	// What the key is for, in the words of its owner; null if nobody said.
	Description *string `json:"description"`
	// Words under which the key is found, sorted.
	Tags []string `json:"tags"`
	// The key of which it is a child, for good; null if it is none.
	ParentID *string `json:"parent_id"`
	// From when on it is valid; null for at once.
	NotBefore *time.Time `json:"not_before"`
	// The addresses and networks from which it may be used; empty for anywhere.
	AllowedIPs []string `json:"allowed_ips"`
	// Since when it is suspended; null if it is not.
	SuspendedAt *time.Time `json:"suspended_at"`
	// The id of the key that suspended it; null for the operator, and if it is not.
	SuspendedBy *string `json:"suspended_by"`
	// Why it is suspended, for people.
	SuspendedReason *string `json:"suspended_reason"`
	// The id of the key that revoked it; null for the operator, for the report of a leak, and if it is not.
	RevokedBy *string `json:"revoked_by"`
	// Why it was revoked; null if it is not.
	RevocationReason *string `json:"revocation_reason"`
	// That its leak was reported, as of the last report that counts; null if not, and once it is cleared.
	Exposure *Exposure `json:"exposure"`
	// Its own limits, with what is left of them; those of its organization are that one's.
	Limits []LimitState `json:"limits"`
	// The same as `last_used_at`, with what is known of the call; null if none found it valid. Address and user
	// agent are kept for 30 days.
	LastUsed *LastUse `json:"last_used"`
	// Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag`
	// has it.
	Revision string `json:"revision"`
	// Of a decoy, which opens nothing: whether anybody tried it. Absent for every other key.
	Decoy *Decoy `json:"decoy,omitempty"`
	// The rules of policies that it breaks; only in lists with `breaks_policy`.
	BrokenRules []string `json:"broken_rules,omitempty"`
	// A warning: those of its permissions that the catalogue of permissions does not have; absent if there are none,
	// or no catalogue.
	Uncatalogued []string `json:"uncatalogued,omitempty"`
	// The token. Only this answer contains it.
	Key string `json:"key"`
}

// CreatedPortalKey is what the API calls CreatedPortalKey in /openapi.json.
type CreatedPortalKey struct {
	// The id of the key, a UUID. No rotation changes it.
	ID string `json:"id"`
	// A name for people. At least one of its characters can be seen.
	Name string `json:"name"`
	// What the key is for, in the words of its owner; null if nobody said.
	Description *string `json:"description"`
	// The prefix and the kid of the newest token, which are not secret.
	Hint string `json:"hint"`
	// Whether it is valid at this instant, and why not.
	Status string `json:"status"`
	// What the key may do, such as `emails:send`.
	Permissions []string `json:"permissions"`
	// When it was created.
	CreatedAt time.Time `json:"created_at"`
	// The user of the session, if it has made the key; else null.
	CreatedBy *PortalUser `json:"created_by"`
	// When a verification last found the key valid; null if none did.
	LastUsedAt *time.Time `json:"last_used_at"`
	// From when on it is valid; null for at once.
	NotBefore *time.Time `json:"not_before"`
	// When it expires; null if never.
	ExpiresAt *time.Time `json:"expires_at"`
	// Since when it is suspended; null if it is not.
	SuspendedAt *time.Time `json:"suspended_at"`
	// When it was revoked, for good; null if it is not.
	RevokedAt *time.Time `json:"revoked_at"`
	// The token. Only this answer contains it.
	Key string `json:"key"`
}

// CreatedWebhook is what the API calls CreatedWebhook in /openapi.json.
type CreatedWebhook struct {
	// Its id, a UUID.
	ID string `json:"id"`
	// The organization that owns it.
	OrganizationID string `json:"organization_id"`
	// The organization whose events it sends, if it is one of the root organization; null for its own, and for all.
	SourceOrganizationID *string `json:"source_organization_id"`
	// To where events are posted.
	URL string `json:"url"`
	// Which events are sent.
	Events []string `json:"events"`
	// What it is for, for people; null if nobody said.
	Description *string `json:"description"`
	// `failing` since the last delivery was none; `disabled` until somebody enables it.
	Status string `json:"status"`
	// When it was disabled; null if it is not.
	DisabledAt *time.Time `json:"disabled_at"`
	// Why: somebody did it, the receiver answered 410, or no delivery succeeded for 5 days. Null if it is not.
	DisabledReason *string `json:"disabled_reason"`
	// Since when no delivery has succeeded; null if the last one did.
	FailingSince *time.Time `json:"failing_since"`
	// When a receiver last took an event; null if none ever did.
	LastDeliveredAt *time.Time `json:"last_delivered_at"`
	// How many events were tried and wait to be tried again.
	Pending int64 `json:"pending"`
	// Until when the secret before the last rotation signs too; null if it does not.
	GraceEndsAt *time.Time `json:"grace_ends_at"`
	// The id of the key or member that created it; null for the operator.
	CreatedBy *string `json:"created_by"`
	// What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
	CreatedByType *string `json:"created_by_type"`
	// When it was created.
	CreatedAt time.Time `json:"created_at"`
	// Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag`
	// has it.
	Revision string `json:"revision"`
	// What signs its messages, as Standard Webhooks has it. Only this answer contains it.
	Secret string `json:"secret"`
}

// Decoy is what the API calls Decoy in /openapi.json.
type Decoy struct {
	// How often it was tried, as far as events have told.
	Tries int64 `json:"tries"`
	// When that was last; null for never.
	LastTriedAt *time.Time `json:"last_tried_at"`
}

// Delivery is what the API calls Delivery in /openapi.json.
type Delivery struct {
	// The id of the event, and of the message: `webhook-id`, the same at each attempt.
	ID string `json:"id"`
	// What happened, such as `key.revoked`.
	Type string `json:"type"`
	// The number of the event in the log from which it is sent: of the organization, or of all.
	Sequence int64 `json:"sequence"`
	// `failed` after eight attempts, the last of them 32 hours after the first.
	State string `json:"state"`
	// How often it was tried.
	Attempts int64 `json:"attempts"`
	// When it was last tried; null before the first time.
	AttemptedAt *time.Time `json:"attempted_at"`
	// When it is tried again; null if it is not.
	NextAttemptAt *time.Time `json:"next_attempt_at"`
	// The status of the answer to the last attempt; null if there was none.
	HTTPStatus *int64 `json:"http_status"`
	// Why there was no answer, or why it counts as a failure; null otherwise.
	Error *string `json:"error"`
	// The first 1,024 bytes of the answer, if they are text; null for callers without `latchkey:webhooks:write`.
	Answer *string `json:"answer"`
	// How long the last attempt took, in milliseconds; null before the first.
	DurationMs *int64 `json:"duration_ms"`
}

// Departure is what the API calls Departure in /openapi.json.
type Departure struct {
	// Always true. Always `true`.
	Success bool `json:"success"`
	// How many sessions have ended.
	SessionsEnded int64 `json:"sessions_ended"`
	// Of how many keys it has seen a token that is still valid, up to 1000. `GET /v1/keys?token_seen_by=` lists
	// them.
	TokensSeen int64 `json:"tokens_seen"`
	// How many of those hold a `latchkey:` permission: before they were revoked, if they were.
	ManagementKeys int64 `json:"management_keys"`
	// The outcome of `?wait=applied`.
	Applied *Applied `json:"applied,omitempty"`
}

// DeriveKey is what a caller sends as DeriveKey in /openapi.json.
type DeriveKey struct {
	// A name for people. At least one of its characters can be seen.
	Name string `json:"name"`
	// What the key is for, in your own words: 1 to 1,000 characters; null for none. Verdicts do not carry it. If
	// absent: `null`.
	Description *Nullable[string] `json:"description,omitempty"`
	// Words under which the key is found. Each counts once; verdicts do not carry them.
	Tags []string `json:"tags,omitempty"`
	// What the key may do, such as `emails:send` or `emails:*`; nothing if absent.
	Permissions []string `json:"permissions,omitempty"`
	// Your own data: at most 4 KiB as JSON, 256 values, 32 levels; numbers that a double holds exactly. If absent:
	// `{}`.
	Metadata map[string]any `json:"metadata,omitempty"`
	// How many units its calls may draw. Without `latchkey:limits:write`, these come on top of the limits of the key
	// that creates it.
	Limits []Limit `json:"limits,omitempty"`
	// What its tokens begin with, of the prefixes that the deployment allows; its first if absent.
	Prefix string `json:"prefix,omitempty"`
	// From when on the key is valid; null for at once. Before it expires.
	NotBefore *Nullable[time.Time] `json:"not_before,omitempty"`
	// From where it may be used: addresses and networks, at most 32. From anywhere if empty or absent.
	AllowedIPs *Nullable[[]string] `json:"allowed_ips,omitempty"`
	// When it expires: in an hour if absent, and not after the calling key.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}

// DescribePermissions is what a caller sends as DescribePermissions in /openapi.json.
type DescribePermissions struct {
	// Those to add, or to describe anew.
	Permissions []DescribedPermission `json:"permissions,omitempty"`
	// Those to remove. What the catalogue does not have is passed over.
	Remove []string `json:"remove,omitempty"`
	// Removes all that `permissions` does not name.
	Replace *bool `json:"replace,omitempty"`
}

// DescribedPermission is what a caller sends as DescribedPermission in /openapi.json.
type DescribedPermission struct {
	// The permission; a wildcard stands for all that it covers.
	Name string `json:"name"`
	// What it lets a key do, in the words of your API. If absent: `null`.
	Description *Nullable[string] `json:"description,omitempty"`
	// Under which heading forms show it. If absent: `null`.
	Group *Nullable[string] `json:"group,omitempty"`
}

// Done is what the API calls Done in /openapi.json.
type Done struct {
	// Always `true`.
	Success bool `json:"success"`
}

// EraseEvents is what a caller sends as EraseEvents in /openapi.json.
type EraseEvents struct {
	// These events.
	EventIDs []string `json:"event_ids,omitempty"`
	// All events of this organization.
	OrganizationID string `json:"organization_id,omitempty"`
	// All events of changes to this key.
	KeyID string `json:"key_id,omitempty"`
	// All events of changes by this key, member or user, by its id. With an organization, only of its events, and
	// also those that name the user: of its sessions, and of the keys made for it.
	Actor string `json:"actor,omitempty"`
	// Only events before this instant. Needed unless the events are named.
	Before *time.Time `json:"before,omitempty"`
	// The `next` of the previous answer.
	After string `json:"after,omitempty"`
}

// Erased is what the API calls Erased in /openapi.json.
type Erased struct {
	// How many events it has erased.
	Erased int64 `json:"erased"`
	// What to give as `after` to go on; null if there is nothing left to erase.
	Next *string `json:"next"`
}

// EventProof is what the API calls EventProof in /openapi.json.
type EventProof struct {
	// Names the log.
	Origin string `json:"origin"`
	// The number of the event in the log, from 1 on.
	Sequence int64 `json:"sequence"`
	// How many events the log had.
	Size int64 `json:"size"`
	// The leaf: the bytes that were sealed.
	Leaf string `json:"leaf"`
	// The hashes that prove it, in the order of RFC 6962.
	Proof []string `json:"proof"`
}

// EventsPage is what the API calls EventsPage in /openapi.json.
type EventsPage struct {
	// The next events, in their order.
	Events []LogEvent `json:"events"`
	// What to give as `after` next, also if there was no event.
	Cursor string `json:"cursor"`
}

// ExceededLimit is what the API calls ExceededLimit in /openapi.json.
type ExceededLimit struct {
	// The name of the limit.
	Name string `json:"name"`
	// Whose limit it is: the key's own, its organization's, or that of a key which made it.
	Scope string `json:"scope"`
	// The id of the key or the organization whose limit it is.
	ID string `json:"id"`
}

// Exposure is what the API calls Exposure in /openapi.json.
type Exposure struct {
	// When it was reported.
	At time.Time `json:"at"`
	// The public id of the secret that was found.
	Kid string `json:"kid"`
	// The prefix and the kid of its token, which are not secret.
	Hint string `json:"hint"`
	// `possession` for whoever showed the token; `github` or `gitlab` for their scanners.
	Source string `json:"source"`
	// Where it was found; null if nobody said.
	URL *string `json:"url"`
	// What was done at once: the key is `revoked`; an old token was ended (`secret_ended`); the token ends at
	// `ends_at` (`ends_later`); nothing but to tell (`notified`); or `none`, since the token opened nothing any
	// more.
	Action string `json:"action"`
	// When the token ends; null if that is not to come.
	EndsAt *time.Time `json:"ends_at"`
}

// Facts is what the API calls Facts in /openapi.json.
type Facts struct {
	// Null if the server does not follow changes now.
	Sequence *int64 `json:"sequence"`
	// In milliseconds.
	AgeMs int64 `json:"age_ms"`
	// Whether tokens of other systems were imported; if not, what is no token of Latchkey is malformed.
	ForeignTokens bool         `json:"foreign_tokens"`
	Secret        *FactsSecret `json:"secret"`
}

// FactsSecret is what the API calls FactsSecret in /openapi.json.
type FactsSecret struct {
	// The id of the key.
	KeyID string `json:"key_id"`
	// The organization that owns the key.
	OrganizationID string `json:"organization_id"`
	// The name of the key.
	Name string `json:"name"`
	// What the key may do, within what the keys may of which it is a child.
	Permissions []string `json:"permissions"`
	// When the key expires, or one of which it is a child; null if never.
	ExpiresAt *time.Time `json:"expires_at"`
	// The operator's own data about the key.
	Metadata                map[string]any `json:"metadata"`
	RevokedAt               *time.Time     `json:"revoked_at"`
	SuspendedAt             *time.Time     `json:"suspended_at"`
	OrganizationSuspendedAt *time.Time     `json:"organization_suspended_at"`
	NotBefore               *time.Time     `json:"not_before"`
	// From where it may be used; empty for anywhere.
	AllowedIPs []string `json:"allowed_ips"`
	// When its grace period ends; null for the newest secret.
	GraceEndsAt *time.Time `json:"grace_ends_at"`
	// Whether it was ended permanently.
	IsEnded bool `json:"is_ended"`
	// All limits that apply; none if the server has judged them for this call.
	Limits []FactsLimit `json:"limits"`
	// The keys that made it, if it draws from their limits: a change of one ends the facts.
	Line []string `json:"line"`
	// The keys of which it is a child, as far as they bound it.
	Ancestors []FactsSecretAncestor `json:"ancestors"`
	// The plan of its organization.
	Plan *string `json:"plan"`
	// The kid of another system's token, which does not show it; absent for one of Latchkey's.
	Kid string `json:"kid,omitempty"`
}

// FactsSecretAncestor is what the API calls FactsSecretAncestor in /openapi.json.
type FactsSecretAncestor struct {
	ID string `json:"id"`
	// What of the facts comes from this key, if it refuses.
	Reasons    []string `json:"reasons"`
	AllowedIPs []string `json:"allowed_ips"`
}

// FactsLimit is what the API calls FactsLimit in /openapi.json.
type FactsLimit struct {
	// The name of the limit.
	Name string `json:"name"`
	// How many units there are in each window, or in each period.
	Limit int64 `json:"limit"`
	// Of a rate: in how many seconds it gains `limit` units, evenly.
	WindowSeconds *int64 `json:"window_seconds,omitempty"`
	// Of a rate: how many units its bucket holds.
	Burst *int64 `json:"burst,omitempty"`
	// Of a quota: for which periods it has `limit` units; null if they never come again.
	Resets *string `json:"resets,omitempty"`
	// Of a weekly or monthly quota: an instant at which a period begins.
	Anchor *time.Time `json:"anchor,omitempty"`
	// Of a quota: how far a settlement may draw it below zero.
	Overdraft *int64 `json:"overdraft,omitempty"`
	// How many units a call draws that names no cost.
	DefaultCost int64  `json:"default_cost"`
	Scope       string `json:"scope"`
	// The id of the key or the organization whose limit it is.
	ID    string `json:"id"`
	Epoch int64  `json:"epoch"`
}

// FindLeaks is what a caller sends as FindLeaks in /openapi.json.
type FindLeaks struct {
	// See ShownToken.
	Tokens []ShownToken `json:"tokens"`
}

// FinishPasskey is what a caller sends as FinishPasskey in /openapi.json.
type FinishPasskey struct {
	// The credential that the browser gave, as `toJSON()` writes it: the names of its fields are those of Web
	// Authentication.
	Credential map[string]any `json:"credential"`
}

// FinishRegistration is what a caller sends as FinishRegistration in /openapi.json.
type FinishRegistration struct {
	// The secret of the invitation, as at the beginning.
	Invitation string `json:"invitation,omitempty"`
	// The credential that the browser gave, as `toJSON()` writes it: the names of its fields are those of Web
	// Authentication.
	Credential map[string]any `json:"credential"`
	// By what its owner knows it, such as `Laptop`; `Passkey` if absent.
	Label string `json:"label,omitempty"`
}

// FinishSignIn is what a caller sends as FinishSignIn in /openapi.json.
type FinishSignIn struct {
	// The `state` with which the provider sent the browser back.
	State string `json:"state"`
	// Its `code`, if it sent one.
	Code string `json:"code,omitempty"`
	// Its `iss`, if it sent one.
	Iss string `json:"iss,omitempty"`
	// Its `error`, if it refused.
	Error string `json:"error,omitempty"`
	// Its `error_description`, if it sent one.
	ErrorDescription string `json:"error_description,omitempty"`
}

// FinishedSignIn is what the API calls FinishedSignIn in /openapi.json.
type FinishedSignIn struct {
	// What the sign-in was for.
	Purpose string `json:"purpose"`
	// The new session, after `sign_in` and `invitation`; else null.
	Session *StartedSession `json:"session"`
	// Until when the sign-in of the calling session is fresh, after `fresh`; else null.
	FreshUntil *time.Time `json:"fresh_until"`
	// The organization of the member, after `invitation` and `identity`; else null.
	OrganizationID *string `json:"organization_id"`
	// The member that the person is, after `invitation` and `identity`; else null.
	MemberID *string `json:"member_id"`
}

// FoundLeak is what the API calls FoundLeak in /openapi.json.
type FoundLeak struct {
	// The kid that was asked for.
	Kid string `json:"kid"`
	// `live`: the token of a key that is neither revoked nor expired, though it may be suspended, not valid yet or
	// bound to addresses. `in_grace`: the same, but the token ends by itself. `ended`: it opens nothing any more.
	// `unknown`: no token has this kid and this SHA-256, or none that the caller may see.
	Status string `json:"status"`
	// The id of the key; null if unknown, like all that follows.
	KeyID *string `json:"key_id"`
	// The name of the key.
	Name *string `json:"name"`
	// The organization that owns the key.
	OrganizationID *string `json:"organization_id"`
	// The prefix and the kid of the token, which are not secret.
	Hint *string `json:"hint"`
}

// FoundLeaks is what the API calls FoundLeaks in /openapi.json.
type FoundLeaks struct {
	// In the order of the question.
	Tokens []FoundLeak `json:"tokens"`
}

// GithubFinding is what a caller sends as GithubFinding in /openapi.json.
type GithubFinding struct {
	// What was found.
	Token string `json:"token"`
	// The name that GitHub has for the tokens of this deployment.
	Type string `json:"type"`
	// Where it was found; empty if nobody may know.
	URL string `json:"url,omitempty"`
	// Where on GitHub that is, such as `commit`.
	Source string `json:"source,omitempty"`
}

// GithubLabel is what the API calls GithubLabel in /openapi.json.
type GithubLabel struct {
	// The SHA-256 of the token, in hexadecimal.
	TokenHash string `json:"token_hash"`
	// The type that GitHub has reported.
	TokenType string `json:"token_type"`
	// `true_positive` for a token of this deployment, whether it opens anything or not.
	Label string `json:"label"`
}

// GitlabFinding is what a caller sends as GitlabFinding in /openapi.json.
type GitlabFinding struct {
	// One of `revocable_token_types`.
	Type string `json:"type"`
	// What was found.
	Token string `json:"token"`
	// Where it was found.
	Location string `json:"location,omitempty"`
}

// GitlabTokenTypes is what the API calls GitlabTokenTypes in /openapi.json.
type GitlabTokenTypes struct {
	// What GitLab calls the tokens of this deployment: one type for each prefix.
	Types []string `json:"types"`
}

// GivenPortalUser is what a caller sends as GivenPortalUser in /openapi.json.
type GivenPortalUser struct {
	// The id of the user, which is the operator's own.
	ID string `json:"id"`
	// What pages call the user; null or absent leaves what they call it so far.
	Name *Nullable[string] `json:"name,omitempty"`
}

// Grace is what a caller sends as Grace in /openapi.json.
type Grace struct {
	// How long the old token must not have been used, since the rotation or since its last use.
	UntilSilentSeconds int64 `json:"until_silent_seconds"`
	// How long the old token stays valid at most, used or not; 30 days if absent. If absent: `2592000`.
	AtMostSeconds *int64 `json:"at_most_seconds,omitempty"`
}

// Grants is what the API calls Grants in /openapi.json.
type Grants struct {
	// The process that granted.
	Server string `json:"server"`
	// What is granted may be spent until 1,800 ms after the message was sent, less this age.
	AgeMs int64 `json:"age_ms"`
	// The counters, as the stream of changes names them, whose units may not be spent any more and must come back
	// with the next message; null for all. An answer to a message does not renew the lease without them.
	Recalled []string        `json:"recalled"`
	Counters []GrantsCounter `json:"counters"`
}

// GrantsCounter is what the API calls GrantsCounter in /openapi.json.
type GrantsCounter struct {
	// The key whose limit it is, itself or as an ancestor of the verified one.
	KeyID string `json:"key_id,omitempty"`
	// The organization whose limit it is.
	OrganizationID string `json:"organization_id,omitempty"`
	Scope          string `json:"scope"`
	// The name of the limit.
	Name string `json:"name"`
	// Of two limits with one name, a rate and a quota: which of them.
	Kind  string `json:"kind,omitempty"`
	Epoch int64  `json:"epoch"`
	// How many units it may spend, beside those that it keeps.
	Granted int64 `json:"granted"`
	// How many units its waiting calls take, at once.
	Given int64 `json:"given"`
	// How many of the units that it holds are its own. The others are void.
	Kept   int64 `json:"kept"`
	Period int64 `json:"period"`
	// For so long nothing can come; 0 if something can.
	EmptyForMs int64 `json:"empty_for_ms"`
	// How many units are left beside those that it holds.
	Remaining int64 `json:"remaining"`
	// Until the period ends; null for never.
	ResetsInMs *int64     `json:"resets_in_ms"`
	ResetsAt   *time.Time `json:"resets_at"`
}

// GrantsRequest is what a caller sends as GrantsRequest in /openapi.json.
type GrantsRequest struct {
	Verifier string `json:"verifier"`
	// The `server` of the last answer, if units are held of it. Another process answers without counters, and serves
	// nothing.
	Server *Nullable[string] `json:"server,omitempty"`
	// Grows with each message. A message that comes again gets the same answer.
	Sequence int64 `json:"sequence"`
	// See AskedCounter.
	Counters []AskedCounter `json:"counters"`
}

// GrowthProof is what the API calls GrowthProof in /openapi.json.
type GrowthProof struct {
	// Names the log.
	Origin string `json:"origin"`
	// How many events the log had before.
	From int64 `json:"from"`
	// How many events the log had.
	Size int64 `json:"size"`
	// The hashes that prove it, in the order of RFC 6962.
	Proof []string `json:"proof"`
}

// Identity is what the API calls Identity in /openapi.json.
type Identity struct {
	// The id of the identity, a UUID.
	ID string `json:"id"`
	// What proves who the person is.
	Provider string `json:"provider"`
	// By what the person knows it.
	Label string `json:"label"`
	// When it was added.
	CreatedAt time.Time `json:"created_at"`
	// When somebody last signed in by it; null if nobody did.
	LastUsedAt *time.Time `json:"last_used_at"`
}

// ImportOutcome is what the API calls ImportOutcome in /openapi.json.
type ImportOutcome struct {
	// The id of the key that was made, or that has the token already.
	ID string `json:"id,omitempty"`
	// Absent for a key that was made. `exists`: a key of the organization has this token. `taken`: a key of another
	// organization has it. Else the code of the error.
	Code string `json:"code,omitempty"`
	// For `policy`: the rule that it would break.
	Rule string `json:"rule,omitempty"`
	// The fields at fault.
	Errors []ImportOutcomeError `json:"errors,omitempty"`
}

// ImportOutcomeError is what the API calls ImportOutcomeError in /openapi.json.
type ImportOutcomeError struct {
	// Where the field stands in the item.
	Path string `json:"path"`
	// What it must be.
	Message string `json:"message"`
}

// ImportedKey is what a caller sends as ImportedKey in /openapi.json.
type ImportedKey struct {
	// The organization that owns the key.
	OrganizationID string `json:"organization_id"`
	// A name for people. At least one of its characters can be seen.
	Name string `json:"name"`
	// What the key may do, such as `emails:send` or `emails:*`; nothing if absent.
	Permissions []string `json:"permissions,omitempty"`
	// When the key expires; null if never.
	ExpiresAt *Nullable[time.Time] `json:"expires_at,omitempty"`
	// From when on the key is valid; null for at once. Before it expires.
	NotBefore *Nullable[time.Time] `json:"not_before,omitempty"`
	// From where it may be used: addresses and networks, at most 32. From anywhere if empty or absent.
	AllowedIPs *Nullable[[]string] `json:"allowed_ips,omitempty"`
	// Your own data: at most 4 KiB as JSON, 256 values, 32 levels; numbers that a double holds exactly. If absent:
	// `{}`.
	Metadata map[string]any `json:"metadata,omitempty"`
	// What the key is for, in your own words: 1 to 1,000 characters; null for none. Verdicts do not carry it. If
	// absent: `null`.
	Description *Nullable[string] `json:"description,omitempty"`
	// Words under which the key is found. Each counts once; verdicts do not carry them.
	Tags []string `json:"tags,omitempty"`
	// How many units its calls may draw. Without `latchkey:limits:write`, these come on top of the limits of the key
	// that creates it.
	Limits []Limit `json:"limits,omitempty"`
	// The id of the operator's user for whom the key is created; root organization only.
	CreatedBy string `json:"created_by,omitempty"`
	// Whether it is a decoy: its token opens nothing, is answered like one that nobody made, and tells by the event
	// `key.decoy_tried` when somebody tries it. For good. A decoy is no child. If absent: `false`.
	Decoy *bool `json:"decoy,omitempty"`
	// What people are shown of the token, such as its first characters.
	Hint string `json:"hint,omitempty"`
	// The token. Latchkey keeps its SHA-256 alone.
	Token string `json:"token,omitempty"`
	// The hash of the token that the other system keeps; instead of `token`.
	Hash *TokenHash `json:"hash,omitempty"`
}

// Introspect is what a caller sends as Introspect in /openapi.json.
type Introspect struct {
	// The token to judge.
	Token string `json:"token"`
	// Ignored: there is one type of tokens (RFC 7662, section 2.1).
	TokenTypeHint string `json:"token_type_hint,omitempty"`
	// All of these are required, each in a field of its own.
	Permission []string `json:"permission,omitempty"`
	// A token with another prefix is not active; any prefix if absent.
	Prefix string `json:"prefix,omitempty"`
	// How many units the call draws of each limit; `cost.NAME` of one.
	Cost string `json:"cost,omitempty"`
	// The address of the client.
	IP string `json:"ip,omitempty"`
}

// Introspection is what the API calls Introspection in /openapi.json.
type Introspection struct {
	// Whether the token may do what was asked, now. If not, there is no other field.
	Active bool `json:"active"`
	// What the key may do, separated by spaces; absent if it may do nothing.
	Scope string `json:"scope,omitempty"`
	// The id of the key.
	ClientID string `json:"client_id,omitempty"`
	// The id of the key.
	Sub string `json:"sub,omitempty"`
	// The organization that owns the key.
	Org string `json:"org,omitempty"`
	// Always `Bearer`.
	TokenType string `json:"token_type,omitempty"`
	// When the key expires, in seconds since 1970; absent if never.
	Exp *int64 `json:"exp,omitempty"`
	// When the key was created, in seconds since 1970.
	Iat *int64 `json:"iat,omitempty"`
}

// Invitation is what the API calls Invitation in /openapi.json.
type Invitation struct {
	// The id of the invitation, a UUID.
	ID string `json:"id"`
	// The organization that invites.
	OrganizationID string `json:"organization_id"`
	// The address of the person who is invited.
	Email string `json:"email"`
	// The name of the person; null if nobody said.
	Name *string `json:"name"`
	// What it is in its organization: a fixed list of permissions.
	Role string `json:"role"`
	// Whether it can be used at this instant, and why not.
	Status string `json:"status"`
	// Whether Latchkey has sent it by mail.
	Sent bool `json:"sent"`
	// Where it is accepted, with its secret: only in the answer that makes or renews it, and only if it was not
	// sent.
	URL *string `json:"url"`
	// Until when it can be used.
	ExpiresAt time.Time `json:"expires_at"`
	// When it was made.
	CreatedAt time.Time `json:"created_at"`
	// The id of the key or member that made it; null for the operator.
	CreatedBy *string `json:"created_by"`
	// What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
	CreatedByType *string `json:"created_by_type"`
	// When it was used; null if it was not.
	AcceptedAt *time.Time `json:"accepted_at"`
	// When it was revoked, or another one took its place; null if it was not.
	RevokedAt *time.Time `json:"revoked_at"`
	// The member that it has made, or that it resets; null if there is none yet.
	MemberID *string `json:"member_id"`
}

// KeptCheckpoint is what the API calls KeptCheckpoint in /openapi.json.
type KeptCheckpoint struct {
	// How many events the log had.
	Size int64 `json:"size"`
	// When it was made.
	MadeAt time.Time `json:"made_at"`
	// The checkpoint as a signed note (C2SP tlog-checkpoint).
	Note string `json:"note"`
}

// Key is what the API calls Key in /openapi.json.
type Key struct {
	// The id of the key, a UUID. No rotation changes it.
	ID string `json:"id"`
	// The organization that owns the key.
	OrganizationID string `json:"organization_id"`
	// A name for people. At least one of its characters can be seen.
	Name string `json:"name"`
	// What the key may do, such as `emails:send`.
	Permissions []string `json:"permissions"`
	// When a verification last found the key valid; null if none did.
	LastUsedAt *time.Time `json:"last_used_at"`
	// The id of the key, member or user that created it; null for the operator.
	CreatedBy *string `json:"created_by"`
	// What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
	CreatedByType *string `json:"created_by_type"`
	// When it was created.
	CreatedAt time.Time `json:"created_at"`
	// When it was revoked, for good; null if it is not.
	RevokedAt *time.Time `json:"revoked_at"`
	// The prefix and the kid of the newest token, which are not secret.
	Hint string `json:"hint"`
	// Whether it is valid at this instant, and why not.
	Status string `json:"status"`
	// When it expires; null if never.
	ExpiresAt *time.Time `json:"expires_at"`
	// The operator's own data, which every verdict on the key carries.
	Metadata map[string]any `json:"metadata"`
	// What the key is for, in the words of its owner; null if nobody said.
	Description *string `json:"description"`
	// Words under which the key is found, sorted.
	Tags []string `json:"tags"`
	// The key of which it is a child, for good; null if it is none.
	ParentID *string `json:"parent_id"`
	// From when on it is valid; null for at once.
	NotBefore *time.Time `json:"not_before"`
	// The addresses and networks from which it may be used; empty for anywhere.
	AllowedIPs []string `json:"allowed_ips"`
	// Since when it is suspended; null if it is not.
	SuspendedAt *time.Time `json:"suspended_at"`
	// The id of the key that suspended it; null for the operator, and if it is not.
	SuspendedBy *string `json:"suspended_by"`
	// Why it is suspended, for people.
	SuspendedReason *string `json:"suspended_reason"`
	// The id of the key that revoked it; null for the operator, for the report of a leak, and if it is not.
	RevokedBy *string `json:"revoked_by"`
	// Why it was revoked; null if it is not.
	RevocationReason *string `json:"revocation_reason"`
	// That its leak was reported, as of the last report that counts; null if not, and once it is cleared.
	Exposure *Exposure `json:"exposure"`
	// Its own limits, with what is left of them; those of its organization are that one's.
	Limits []LimitState `json:"limits"`
	// The same as `last_used_at`, with what is known of the call; null if none found it valid. Address and user
	// agent are kept for 30 days.
	LastUsed *LastUse `json:"last_used"`
	// Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag`
	// has it.
	Revision string `json:"revision"`
	// Of a decoy, which opens nothing: whether anybody tried it. Absent for every other key.
	Decoy *Decoy `json:"decoy,omitempty"`
	// The rules of policies that it breaks; only in lists with `breaks_policy`.
	BrokenRules []string `json:"broken_rules,omitempty"`
}

// KeyCaller is what the API calls KeyCaller in /openapi.json.
type KeyCaller struct {
	// The secret that they call with.
	Kid string `json:"kid"`
	// The address, or its network; null if not known.
	IP *string `json:"ip"`
	// The kind of client, by its user agent, such as `curl` or `Firefox`; null if not known.
	Client *string `json:"client"`
	// The day of the first of these calls, by UTC.
	FirstSeenOn string `json:"first_seen_on"`
	// When the last one was.
	LastSeenAt time.Time `json:"last_seen_at"`
	// How many calls there were, refused ones included.
	Calls int64 `json:"calls"`
}

// KeyDetails is what the API calls KeyDetails in /openapi.json.
type KeyDetails struct {
	// The id of the key, a UUID. No rotation changes it.
	ID string `json:"id"`
	// The organization that owns the key.
	OrganizationID string `json:"organization_id"`
	// A name for people. At least one of its characters can be seen.
	Name string `json:"name"`
	// What the key may do, such as `emails:send`.
	Permissions []string `json:"permissions"`
	// When a verification last found the key valid; null if none did.
	LastUsedAt *time.Time `json:"last_used_at"`
	// The id of the key, member or user that created it; null for the operator.
	CreatedBy *string `json:"created_by"`
	// What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
	CreatedByType *string `json:"created_by_type"`
	// When it was created.
	CreatedAt time.Time `json:"created_at"`
	// When it was revoked, for good; null if it is not.
	RevokedAt *time.Time `json:"revoked_at"`
	// The prefix and the kid of the newest token, which are not secret.
	Hint string `json:"hint"`
	// Whether it is valid at this instant, and why not.
	Status string `json:"status"`
	// When it expires; null if never.
	ExpiresAt *time.Time `json:"expires_at"`
	// The operator's own data, which every verdict on the key carries.
	Metadata map[string]any `json:"metadata"`
	// What the key is for, in the words of its owner; null if nobody said.
	Description *string `json:"description"`
	// Words under which the key is found, sorted.
	Tags []string `json:"tags"`
	// The key of which it is a child, for good; null if it is none.
	ParentID *string `json:"parent_id"`
	// From when on it is valid; null for at once.
	NotBefore *time.Time `json:"not_before"`
	// The addresses and networks from which it may be used; empty for anywhere.
	AllowedIPs []string `json:"allowed_ips"`
	// Since when it is suspended; null if it is not.
	SuspendedAt *time.Time `json:"suspended_at"`
	// The id of the key that suspended it; null for the operator, and if it is not.
	SuspendedBy *string `json:"suspended_by"`
	// Why it is suspended, for people.
	SuspendedReason *string `json:"suspended_reason"`
	// The id of the key that revoked it; null for the operator, for the report of a leak, and if it is not.
	RevokedBy *string `json:"revoked_by"`
	// Why it was revoked; null if it is not.
	RevocationReason *string `json:"revocation_reason"`
	// That its leak was reported, as of the last report that counts; null if not, and once it is cleared.
	Exposure *Exposure `json:"exposure"`
	// Its own limits, with what is left of them; those of its organization are that one's.
	Limits []LimitState `json:"limits"`
	// The same as `last_used_at`, with what is known of the call; null if none found it valid. Address and user
	// agent are kept for 30 days.
	LastUsed *LastUse `json:"last_used"`
	// Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag`
	// has it.
	Revision string `json:"revision"`
	// Of a decoy, which opens nothing: whether anybody tried it. Absent for every other key.
	Decoy *Decoy `json:"decoy,omitempty"`
	// The rules of policies that it breaks; only in lists with `breaks_policy`.
	BrokenRules []string `json:"broken_rules,omitempty"`
	// The newest 100 secrets, newest first, ended ones included. Latchkey keeps the newest 1000 ended secrets of a
	// key.
	Secrets []KeySecret `json:"secrets"`
	// What the plan adds to its own limits, with what is left; absent if the organization is on no plan. A limit of
	// its own that counts instead of the plan's leaves that one out.
	PlanLimits []LimitState `json:"plan_limits,omitempty"`
}

// KeyPermissions is what the API calls KeyPermissions in /openapi.json.
type KeyPermissions struct {
	// When the first of the 90 days began, by UTC.
	Since time.Time `json:"since"`
	// When it was read, by the database's clock.
	AsOf time.Time `json:"as_of"`
	// What the key holds, and how many calls needed it: of several permissions that cover what a call required, the
	// narrowest.
	Granted []NeededPermission `json:"granted"`
	// Those of them that no known call needed.
	Unused []string `json:"unused"`
	// The fewest permissions that would have admitted every known call. Where the key holds a wildcard, they are
	// what was required under it, unless that is more than 16 permissions.
	Suggested []string `json:"suggested"`
	// Whether it is known of every call what it required. False if a day had too many kinds of calls to tell all of
	// them apart: then what the others required may be among `unused`, and is not in `suggested`.
	Complete bool `json:"complete"`
}

// KeyPlaces is what the API calls KeyPlaces in /openapi.json.
type KeyPlaces struct {
	// The callers, the last seen ones first: at most 200 of a secret.
	Callers []KeyCaller `json:"callers"`
	// Whether these are all: false if there were too many, or calls of which no place is known.
	Complete bool `json:"complete"`
}

// KeyPreview is what the API calls KeyPreview in /openapi.json.
type KeyPreview struct {
	// When the first of the 30 days began, by UTC.
	Since time.Time `json:"since"`
	// When it was read, by the database's clock.
	AsOf time.Time `json:"as_of"`
	// How many calls with the key, and with those below it, were valid.
	Calls int64 `json:"calls"`
	// How many of them the change would refuse, at least: as many as `at_most` if that is known.
	AtLeast int64 `json:"at_least"`
	// How many, at most.
	AtMost int64 `json:"at_most"`
	// Of how many it cannot be told, because a day had too many kinds of calls to tell all of them apart, or a
	// program of an older version counted them. They are in `at_most`.
	Unknown int64 `json:"unknown"`
	// Of how many keys below it, which are its live children, theirs and so on, the calls are in all this: at most
	// 100.
	Children int64 `json:"children"`
	// Whether there are more of them, of which no call is in it.
	MoreChildren bool `json:"more_children"`
	// The calls of `at_least` that no limit would refuse, the most first: at most 100 kinds.
	Refusals []RefusedCalls `json:"refusals"`
}

// KeySecret is what the API calls KeySecret in /openapi.json.
type KeySecret struct {
	// The public id of this secret.
	Kid string `json:"kid"`
	// The prefix and the kid of its token, which are not secret.
	Hint string `json:"hint"`
	// When it was created: with the key, or by a rotation.
	CreatedAt time.Time `json:"created_at"`
	// The id of the key or member that got its token; null for the operator, and if it was not noted yet.
	CreatedBy *string `json:"created_by"`
	// What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
	CreatedByType *string `json:"created_by_type"`
	// When it ends, at the latest, or ended; null while it is the newest.
	ExpiresAt *time.Time `json:"expires_at"`
	// When a verification last found it valid; null if none did.
	LastUsedAt *time.Time `json:"last_used_at"`
	// It ends, before `expires_at`, once nobody has used it for so many seconds; null if it does not end so.
	UntilSilentSeconds *int64 `json:"until_silent_seconds"`
	// When it will have been silent for so long, unless it is used. Latchkey ends it after that, as soon as every
	// process has written the uses that it knows of. Null if it does not wait for that.
	SilentAt *time.Time `json:"silent_at"`
}

// LastUse is what the API calls LastUse in /openapi.json.
type LastUse struct {
	// When.
	At time.Time `json:"at"`
	// The client's address, or its network; null if not known.
	IP *string `json:"ip"`
	// The client's user agent; null if not known.
	UserAgent *string `json:"user_agent"`
	// What was called; null if not known.
	Operation *string `json:"operation"`
	// The secret; null if not known.
	Kid *string `json:"kid"`
}

// LatestChange is what the API calls LatestChange in /openapi.json.
type LatestChange struct {
	// Grows by one with each change.
	Sequence int64 `json:"sequence"`
	// In milliseconds.
	AgeMs int64 `json:"age_ms"`
	// Whether tokens of other systems were imported; if not, what is no token of Latchkey is malformed.
	ForeignTokens bool `json:"foreign_tokens"`
}

// Limit is what a caller sends as Limit in /openapi.json.
type Limit struct {
	// The name of the limit.
	Name string `json:"name"`
	// How many units there are in each window, or in each period.
	Limit int64 `json:"limit"`
	// Makes it a rate: a bucket that gains `limit` units in so many seconds, evenly.
	WindowSeconds *int64 `json:"window_seconds,omitempty"`
	// How many units the bucket of a rate holds; `limit` if absent.
	Burst *Nullable[int64] `json:"burst,omitempty"`
	// Makes it a quota: `limit` units for each period, by UTC; weeks begin on Monday. Null: they never come again.
	Resets *Nullable[string] `json:"resets,omitempty"`
	// With weekly or monthly: an instant at which a period begins.
	Anchor *Nullable[time.Time] `json:"anchor,omitempty"`
	// How far a settlement may draw a quota below zero; as far as it must if absent.
	Overdraft *Nullable[int64] `json:"overdraft,omitempty"`
	// How many units a call draws that names no cost. If absent: `1`.
	DefaultCost *int64 `json:"default_cost,omitempty"`
}

// LimitState is what the API calls LimitState in /openapi.json.
type LimitState struct {
	// The name of the limit.
	Name string `json:"name"`
	// How many units there are in each window, or in each period.
	Limit int64 `json:"limit"`
	// Of a rate: in how many seconds it gains `limit` units, evenly.
	WindowSeconds *int64 `json:"window_seconds,omitempty"`
	// Of a rate: how many units its bucket holds.
	Burst *int64 `json:"burst,omitempty"`
	// Of a quota: for which periods it has `limit` units; null if they never come again.
	Resets *string `json:"resets,omitempty"`
	// Of a weekly or monthly quota: an instant at which a period begins.
	Anchor *time.Time `json:"anchor,omitempty"`
	// Of a quota: how far a settlement may draw it below zero.
	Overdraft *int64 `json:"overdraft,omitempty"`
	// How many units a call draws that names no cost.
	DefaultCost int64 `json:"default_cost"`
	// How many units are left; those that processes hold are among them.
	Remaining int64 `json:"remaining"`
	// How many units are missing to 0: settlements drew more than there were, or units were taken away, or the limit
	// was lowered. What comes pays them first.
	Owed int64 `json:"owed"`
	// How many of these processes hold, to answer calls from memory.
	Held int64 `json:"held"`
	// When a quota begins anew, or a rate will be full; null for a quota that never does.
	ResetsAt *time.Time `json:"resets_at"`
}

// LogEvent is what the API calls LogEvent in /openapi.json.
type LogEvent struct {
	// The id of the event, a UUID.
	ID string `json:"id"`
	// When the change was made.
	At time.Time `json:"at"`
	// What was done.
	Action string `json:"action"`
	// The id of the key, member or user that made the change; null for the operator and for Latchkey itself.
	Actor *string `json:"actor"`
	// The kind of actor that made the change.
	ActorType string `json:"actor_type"`
	// The organization that it was done to.
	OrganizationID string `json:"organization_id"`
	// The key that it was done to; null if it was none.
	KeyID *string `json:"key_id"`
	// The new value of each field that changed, or its old and new values.
	Changes map[string]any `json:"changes"`
	// The id of the request in the log; null if it was none.
	RequestID *string `json:"request_id"`
	// The client's address; null for a change without a request.
	IP *string `json:"ip"`
	// Whether what it told was erased: `changes` is empty then, and nobody knows the actor.
	IsErased bool `json:"is_erased"`
	// The number of the event among those of its organization, without gaps.
	Sequence int64 `json:"sequence"`
	// The portal session by which a user acted; null for every other actor.
	Via *string `json:"via"`
	// Its number among the events of all organizations: for root keys; null for others.
	Position *int64 `json:"position"`
	// What to give as `after` to go on behind this event.
	Cursor string `json:"cursor"`
}

// LogSigner is what the API calls LogSigner in /openapi.json.
type LogSigner struct {
	// The public key, as C2SP signed notes have it.
	VerifierKey string `json:"verifier_key"`
	// Since when it signs.
	BegunAt time.Time `json:"begun_at"`
	// Until when it signs; null if that is open.
	EndsAt *time.Time `json:"ends_at"`
}

// Member is what the API calls Member in /openapi.json.
type Member struct {
	// The id of the member, a UUID.
	ID string `json:"id"`
	// The organization for which it acts.
	OrganizationID string `json:"organization_id"`
	// Its address, a label; null once it is erased.
	Email *string `json:"email"`
	// Whether somebody has proved that the address is its own.
	EmailVerified bool `json:"email_verified"`
	// Its name, a label; null if nobody said, and once it is erased.
	Name *string `json:"name"`
	// What it is in its organization: a fixed list of permissions.
	Role string `json:"role"`
	// What gave it its role: somebody, or a rule.
	RoleSource string `json:"role_source"`
	// What its role may do.
	Permissions []string `json:"permissions"`
	// Whether it may act, and why not.
	Status string `json:"status"`
	// When it last acted, to the minute; null if never.
	LastSeenAt *time.Time `json:"last_seen_at"`
	// When it became a member.
	CreatedAt time.Time `json:"created_at"`
	// The id of the key or member that invited it; null for the operator.
	CreatedBy *string `json:"created_by"`
	// What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
	CreatedByType *string `json:"created_by_type"`
	// Since when it is suspended; null if it is not.
	SuspendedAt *time.Time `json:"suspended_at"`
	// Why it is suspended, for people.
	SuspendedReason *string `json:"suspended_reason"`
	// When it was removed, for good; null if it is not.
	RemovedAt *time.Time `json:"removed_at"`
	// Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag`
	// has it.
	Revision string `json:"revision"`
}

// MemberDetails is what the API calls MemberDetails in /openapi.json.
type MemberDetails struct {
	// The id of the member, a UUID.
	ID string `json:"id"`
	// The organization for which it acts.
	OrganizationID string `json:"organization_id"`
	// Its address, a label; null once it is erased.
	Email *string `json:"email"`
	// Whether somebody has proved that the address is its own.
	EmailVerified bool `json:"email_verified"`
	// Its name, a label; null if nobody said, and once it is erased.
	Name *string `json:"name"`
	// What it is in its organization: a fixed list of permissions.
	Role string `json:"role"`
	// What gave it its role: somebody, or a rule.
	RoleSource string `json:"role_source"`
	// What its role may do.
	Permissions []string `json:"permissions"`
	// Whether it may act, and why not.
	Status string `json:"status"`
	// When it last acted, to the minute; null if never.
	LastSeenAt *time.Time `json:"last_seen_at"`
	// When it became a member.
	CreatedAt time.Time `json:"created_at"`
	// The id of the key or member that invited it; null for the operator.
	CreatedBy *string `json:"created_by"`
	// What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
	CreatedByType *string `json:"created_by_type"`
	// Since when it is suspended; null if it is not.
	SuspendedAt *time.Time `json:"suspended_at"`
	// Why it is suspended, for people.
	SuspendedReason *string `json:"suspended_reason"`
	// When it was removed, for good; null if it is not.
	RemovedAt *time.Time `json:"removed_at"`
	// Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag`
	// has it.
	Revision string `json:"revision"`
	// By what it signs in.
	Identities []Identity `json:"identities"`
}

// NeededPermission is what the API calls NeededPermission in /openapi.json.
type NeededPermission struct {
	// A permission that the key holds.
	Permission string `json:"permission"`
	// How many valid calls needed it.
	Calls int64 `json:"calls"`
	// When the last one did; null if none did.
	LastUsedAt *time.Time `json:"last_used_at"`
}

// OpenPortal is what a caller sends as OpenPortal in /openapi.json.
type OpenPortal struct {
	// What stands behind the # of the link.
	Secret string `json:"secret"`
}

// OpenedPortal is what the API calls OpenedPortal in /openapi.json.
type OpenedPortal struct {
	// The token of the session. Only this answer contains it.
	Token string `json:"token"`
	// When the session expires.
	ExpiresAt time.Time `json:"expires_at"`
}

// Organization is what the API calls Organization in /openapi.json.
type Organization struct {
	// The id, as it was chosen or made; it never changes.
	ID string `json:"id"`
	// A name for people. At least one of its characters can be seen.
	Name string `json:"name"`
	// When it was created.
	CreatedAt time.Time `json:"created_at"`
	// Its own limits, from which all of its keys draw, with what is left of them.
	Limits []LimitState `json:"limits"`
	// The name of its plan; null for none.
	Plan *string `json:"plan"`
	// Since when it is suspended, with all of its keys; null if it is not.
	SuspendedAt *time.Time `json:"suspended_at"`
	// The id of the key that suspended it; null for the operator, and if it is not.
	SuspendedBy *string `json:"suspended_by"`
	// Why it is suspended, for people.
	SuspendedReason *string `json:"suspended_reason"`
	// What its members may grant to its keys outside `latchkey:`. Those of the root organization may grant
	// everything there.
	GrantablePermissions []string `json:"grantable_permissions"`
	// By what its members sign in: `any` way, or by a `provider` alone; then a passkey only makes a sign-in fresh.
	SignIn string `json:"sign_in"`
	// Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag`
	// has it.
	Revision string `json:"revision"`
}

// OrganizationDetails is what the API calls OrganizationDetails in /openapi.json.
type OrganizationDetails struct {
	// The id, as it was chosen or made; it never changes.
	ID string `json:"id"`
	// A name for people. At least one of its characters can be seen.
	Name string `json:"name"`
	// When it was created.
	CreatedAt time.Time `json:"created_at"`
	// Its own limits, from which all of its keys draw, with what is left of them.
	Limits []LimitState `json:"limits"`
	// The name of its plan; null for none.
	Plan *string `json:"plan"`
	// Since when it is suspended, with all of its keys; null if it is not.
	SuspendedAt *time.Time `json:"suspended_at"`
	// The id of the key that suspended it; null for the operator, and if it is not.
	SuspendedBy *string `json:"suspended_by"`
	// Why it is suspended, for people.
	SuspendedReason *string `json:"suspended_reason"`
	// What its members may grant to its keys outside `latchkey:`. Those of the root organization may grant
	// everything there.
	GrantablePermissions []string `json:"grantable_permissions"`
	// By what its members sign in: `any` way, or by a `provider` alone; then a passkey only makes a sign-in fresh.
	SignIn string `json:"sign_in"`
	// Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag`
	// has it.
	Revision string `json:"revision"`
	// What the plan adds to its own limits, with what is left; absent if the organization is on no plan. A limit of
	// its own that counts instead of the plan's leaves that one out.
	PlanLimits []LimitState `json:"plan_limits,omitempty"`
}

// OwnMember is what the API calls OwnMember in /openapi.json.
type OwnMember struct {
	// The id of the member, a UUID.
	ID string `json:"id"`
	// The organization for which it acts.
	OrganizationID string `json:"organization_id"`
	// Its address, a label; null once it is erased.
	Email *string `json:"email"`
	// Whether somebody has proved that the address is its own.
	EmailVerified bool `json:"email_verified"`
	// Its name, a label; null if nobody said, and once it is erased.
	Name *string `json:"name"`
	// What it is in its organization: a fixed list of permissions.
	Role string `json:"role"`
	// What gave it its role: somebody, or a rule.
	RoleSource string `json:"role_source"`
	// What its role may do.
	Permissions []string `json:"permissions"`
	// Whether it may act, and why not.
	Status string `json:"status"`
	// When it last acted, to the minute; null if never.
	LastSeenAt *time.Time `json:"last_seen_at"`
	// When it became a member.
	CreatedAt time.Time `json:"created_at"`
	// The id of the key or member that invited it; null for the operator.
	CreatedBy *string `json:"created_by"`
	// What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
	CreatedByType *string `json:"created_by_type"`
	// Since when it is suspended; null if it is not.
	SuspendedAt *time.Time `json:"suspended_at"`
	// Why it is suspended, for people.
	SuspendedReason *string `json:"suspended_reason"`
	// When it was removed, for good; null if it is not.
	RemovedAt *time.Time `json:"removed_at"`
	// Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag`
	// has it.
	Revision string `json:"revision"`
	// By what it signs in.
	Identities []Identity `json:"identities"`
	// The organizations for which the person may act.
	Organizations []Standing `json:"organizations"`
	// Until when the sign-in of the calling session is fresh.
	FreshUntil time.Time `json:"fresh_until"`
}

// PermissionUse is what the API calls PermissionUse in /openapi.json.
type PermissionUse struct {
	// A permission that keys hold.
	Permission string `json:"permission"`
	// How many of them hold it.
	Keys int64 `json:"keys"`
}

// PlainLimit is what the API calls PlainLimit in /openapi.json.
type PlainLimit struct {
	// The name of the limit.
	Name string `json:"name"`
	// How many units there are in each window, or in each period.
	Limit int64 `json:"limit"`
	// Of a rate: in how many seconds it gains `limit` units, evenly.
	WindowSeconds *int64 `json:"window_seconds,omitempty"`
	// Of a rate: how many units its bucket holds.
	Burst *int64 `json:"burst,omitempty"`
	// Of a quota: for which periods it has `limit` units; null if they never come again.
	Resets *string `json:"resets,omitempty"`
	// Of a weekly or monthly quota: an instant at which a period begins.
	Anchor *time.Time `json:"anchor,omitempty"`
	// Of a quota: how far a settlement may draw it below zero.
	Overdraft *int64 `json:"overdraft,omitempty"`
	// How many units a call draws that names no cost.
	DefaultCost int64 `json:"default_cost"`
}

// Plan is what the API calls Plan in /openapi.json.
type Plan struct {
	// The name of the plan.
	Name string `json:"name"`
	// All that keys of its organizations may do, whatever they hold; null for no bound.
	Permissions []string `json:"permissions"`
	// What all keys of an organization draw from together.
	Limits []PlainLimit `json:"limits"`
	// What each key has of its own.
	KeyLimits []PlainLimit `json:"key_limits"`
	// When it was created.
	CreatedAt time.Time `json:"created_at"`
	// Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag`
	// has it.
	Revision string `json:"revision"`
}

// PlanDetails is what the API calls PlanDetails in /openapi.json.
type PlanDetails struct {
	// The name of the plan.
	Name string `json:"name"`
	// All that keys of its organizations may do, whatever they hold; null for no bound.
	Permissions []string `json:"permissions"`
	// What all keys of an organization draw from together.
	Limits []PlainLimit `json:"limits"`
	// What each key has of its own.
	KeyLimits []PlainLimit `json:"key_limits"`
	// When it was created.
	CreatedAt time.Time `json:"created_at"`
	// Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag`
	// has it.
	Revision string `json:"revision"`
	// How many organizations are on it.
	Organizations int64 `json:"organizations"`
}

// Policy is what the API calls Policy in /openapi.json.
type Policy struct {
	// How long after it is set the expiry of a key may be at most, in seconds: every key then has one. Null for no
	// rule.
	MaxLifetimeSeconds *int64 `json:"max_lifetime_seconds"`
	// Whether every key must expire.
	RequireExpiry bool `json:"require_expiry"`
	// All that may be granted; null for no rule.
	Permissions []string `json:"permissions"`
	// Whether only permissions of the catalogue may be granted. Those of `latchkey:` need not stand in it.
	CataloguedOnly bool `json:"catalogued_only"`
	// What new tokens may begin with; null for no rule.
	Prefixes []string `json:"prefixes"`
	// Whether every key must have `allowed_ips`.
	RequireAllowedIPs bool `json:"require_allowed_ips"`
	// How many keys an organization has at most that are neither revoked nor expired. Null for no rule.
	MaxKeys *int64 `json:"max_keys"`
	// What is done when the newest token of a key is reported as leaked: `revoke` the key, `end_after` some hours
	// the token, or `notify` alone. Keys with a permission of `latchkey:` are revoked in any case. Null for no rule:
	// then that of the deployment counts, and without one, `revoke`.
	OnLeak *string `json:"on_leak"`
	// After how many hours, with `end_after`; null otherwise.
	LeakEndsAfterHours *int64 `json:"leak_ends_after_hours"`
	// When it was last set; null if it never was.
	SetAt *time.Time `json:"set_at"`
	// Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag`
	// has it.
	Revision string `json:"revision"`
}

// PortalKey is what the API calls PortalKey in /openapi.json.
type PortalKey struct {
	// The id of the key, a UUID. No rotation changes it.
	ID string `json:"id"`
	// A name for people. At least one of its characters can be seen.
	Name string `json:"name"`
	// What the key is for, in the words of its owner; null if nobody said.
	Description *string `json:"description"`
	// The prefix and the kid of the newest token, which are not secret.
	Hint string `json:"hint"`
	// Whether it is valid at this instant, and why not.
	Status string `json:"status"`
	// What the key may do, such as `emails:send`.
	Permissions []string `json:"permissions"`
	// When it was created.
	CreatedAt time.Time `json:"created_at"`
	// The user of the session, if it has made the key; else null.
	CreatedBy *PortalUser `json:"created_by"`
	// When a verification last found the key valid; null if none did.
	LastUsedAt *time.Time `json:"last_used_at"`
	// From when on it is valid; null for at once.
	NotBefore *time.Time `json:"not_before"`
	// When it expires; null if never.
	ExpiresAt *time.Time `json:"expires_at"`
	// Since when it is suspended; null if it is not.
	SuspendedAt *time.Time `json:"suspended_at"`
	// When it was revoked, for good; null if it is not.
	RevokedAt *time.Time `json:"revoked_at"`
}

// PortalSelf is what the API calls PortalSelf in /openapi.json.
type PortalSelf struct {
	// The id of the session.
	ID string `json:"id"`
	// Whether it is behind a link, or in an element.
	Kind         string                 `json:"kind"`
	Organization PortalSelfOrganization `json:"organization"`
	// Whose session it is.
	User PortalUser `json:"user"`
	// What the user may do.
	Permissions []string `json:"permissions"`
	// What outside `latchkey:` the keys may be granted that the user makes.
	Grantable []string `json:"grantable"`
	// What the operator says of permissions that `grantable` covers.
	Catalogue []CatalogueEntry `json:"catalogue"`
	// What the tokens of new keys may begin with, the default first.
	Prefixes []string `json:"prefixes"`
	// Where the page leads back to; null for nowhere.
	ReturnURL *string `json:"return_url"`
	// In which colours the page is shown.
	Scheme string `json:"scheme"`
	// The language of the page; null as the browser prefers.
	Lang *string `json:"lang"`
	// When the session expires.
	ExpiresAt time.Time `json:"expires_at"`
}

// PortalSelfOrganization is what the API calls PortalSelfOrganization in /openapi.json.
type PortalSelfOrganization struct {
	ID string `json:"id"`
	// What the organization is called.
	Name string `json:"name"`
}

// PortalSession is what the API calls PortalSession in /openapi.json.
type PortalSession struct {
	// The id of the session, a UUID.
	ID string `json:"id"`
	// Whether it is behind a link, or in an element.
	Kind string `json:"kind"`
	// The organization whose keys the user sees.
	OrganizationID string `json:"organization_id"`
	// Whose session it is.
	User PortalUser `json:"user"`
	// What the user may do, and grant to keys.
	Permissions []string `json:"permissions"`
	// What the tokens of its keys begin with; null for any.
	Prefixes []string `json:"prefixes"`
	// The origin of an embed’s page; null for a link.
	Origin *string `json:"origin"`
	// Where the page leads back to; null for nowhere.
	ReturnURL *string `json:"return_url"`
	// In which colours the page is shown.
	Scheme string `json:"scheme"`
	// The language of the page; null as the browser prefers.
	Lang *string `json:"lang"`
	// Of a link, where it opens, once: only in the answer that makes it.
	URL *string `json:"url"`
	// Until when `url` opens it: five minutes; null once it did, and for an embed.
	URLExpiresAt *time.Time `json:"url_expires_at"`
	// Of an embed, its token: only in the answer that makes it.
	Token *string `json:"token"`
	// When it expires.
	ExpiresAt time.Time `json:"expires_at"`
	// When it was made.
	CreatedAt time.Time `json:"created_at"`
	// The id of the key or member that made it; null for the operator.
	CreatedBy *string `json:"created_by"`
	// What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
	CreatedByType *string `json:"created_by_type"`
	// When somebody ended it; null if nobody did.
	EndedAt *time.Time `json:"ended_at"`
}

// PortalUsageRow is what the API calls PortalUsageRow in /openapi.json.
type PortalUsageRow struct {
	// When the period begins; of `total`, the range.
	Start time.Time `json:"start"`
	// How many verdicts there were.
	Calls int64 `json:"calls"`
	// How many of them were valid.
	Valid int64 `json:"valid"`
	// How many were refused, by the code of the verdict.
	Refused map[string]int64 `json:"refused"`
}

// PortalUser is what the API calls PortalUser in /openapi.json.
type PortalUser struct {
	// The id of the user.
	ID string `json:"id"`
	// What pages call the user; null if nobody said.
	Name *string `json:"name"`
}

// Prefixes is what the API calls Prefixes in /openapi.json.
type Prefixes struct {
	// What the tokens of new keys may begin with. The first is the default.
	Prefixes []string `json:"prefixes"`
}

// PreviewKey is what a caller sends as PreviewKey in /openapi.json.
type PreviewKey struct {
	// A name for people. At least one of its characters can be seen.
	Name *string `json:"name,omitempty"`
	// Replaces what the key has; null keeps it, as if absent.
	Permissions *Nullable[[]string] `json:"permissions,omitempty"`
	// When the key expires; null if never.
	ExpiresAt *Nullable[time.Time] `json:"expires_at,omitempty"`
	// From when on the key is valid; null for at once. Before it expires.
	NotBefore *Nullable[time.Time] `json:"not_before,omitempty"`
	// Replaces what the key has; null keeps it, as if absent. An empty list allows every address.
	AllowedIPs *Nullable[[]string] `json:"allowed_ips,omitempty"`
	// Replaces what the key has; null keeps it, as if absent.
	Metadata *Nullable[map[string]any] `json:"metadata,omitempty"`
	// What the key is for, in your own words: 1 to 1,000 characters; null for none. Verdicts do not carry it.
	Description *Nullable[string] `json:"description,omitempty"`
	// Replaces what the key has; null keeps it, as if absent.
	Tags *Nullable[[]string] `json:"tags,omitempty"`
	// Replaces what the key has; null keeps it, as if absent.
	Limits *Nullable[[]Limit] `json:"limits,omitempty"`
	// Rotates the key, as the body of that call.
	Rotate *RotateKey `json:"rotate,omitempty"`
	// Ends the grace of the secret with this kid.
	EndSecret *string `json:"end_secret,omitempty"`
	// Suspends the key. Always `true`.
	Suspend *bool `json:"suspend,omitempty"`
	// Revokes the key. Always `true`.
	Revoke *bool `json:"revoke,omitempty"`
}

// ReadFacts is what a caller sends as ReadFacts in /openapi.json.
type ReadFacts struct {
	// The token to verify.
	Key string `json:"key"`
}

// RecipeUse is what the API calls RecipeUse in /openapi.json.
type RecipeUse struct {
	// The hash.
	Scheme string `json:"scheme"`
	// What is hashed: `token`, or `after:` and a mark.
	Of string `json:"of"`
	// The name of its pepper; null without one.
	Pepper *string `json:"pepper"`
	// Whether the process that answers has the pepper, or needs none.
	IsReady bool `json:"is_ready"`
	// How many imported tokens are found by it that no rotation has ended, counted up to 10,001; at 0 its pepper is
	// not needed any more.
	Tokens int64 `json:"tokens"`
}

// RefusedCalls is what the API calls RefusedCalls in /openapi.json.
type RefusedCalls struct {
	// The code of the verdict that they would get.
	Code string `json:"code"`
	// From when on they would be refused: now, or when a grace or the key ends.
	BeginsAt time.Time `json:"begins_at"`
	// What they called; null if that is not known.
	Operation *string `json:"operation"`
	// From which address they came; null if that is not known.
	IP *string `json:"ip"`
	// With which `User-Agent`; null if that is not known.
	UserAgent *string `json:"user_agent"`
	// Which permissions they would lack.
	Missing []string `json:"missing"`
	// How many there were.
	Calls int64 `json:"calls"`
	// When the last one was.
	LastAt time.Time `json:"last_at"`
}

// ReplayWebhook is what a caller sends as ReplayWebhook in /openapi.json.
type ReplayWebhook struct {
	// All of its events since this instant are sent once more: 30 days back at most, and not in the future.
	Since time.Time `json:"since"`
}

// ReportLeaks is what a caller sends as ReportLeaks in /openapi.json.
type ReportLeaks struct {
	// The tokens, each whole. To show a token is the proof that one may report it.
	Keys []string `json:"keys"`
	// Where they were found. Shown as text, and never opened.
	URL string `json:"url,omitempty"`
}

// ReportedCount is what a caller sends as ReportedCount in /openapi.json.
type ReportedCount struct {
	// The key; null for tokens of no key.
	KeyID *string `json:"key_id"`
	// When the hour began, by the clock of the server.
	Start time.Time `json:"start"`
	// The code of a verdict, whose calls are counted, or `<scope>/<limit>`, whose units are.
	Measure string `json:"measure"`
	// How many.
	Amount int64 `json:"amount"`
}

// ReportedProfile is what a caller sends as ReportedProfile in /openapi.json.
type ReportedProfile struct {
	// The secret with which was called.
	Kid string `json:"kid"`
	// When the hour began, by the clock of the server.
	Start time.Time `json:"start"`
	// The code of the verdict.
	Code string `json:"code"`
	// See CallContext.
	Context *CallContext `json:"context,omitempty"`
	// The permissions that were asked for.
	Permissions []string `json:"permissions"`
	// Whether it counts calls of all kinds that found no room.
	IsRest bool `json:"is_rest"`
	// How many.
	Calls int64 `json:"calls"`
	// When the last one was.
	Last time.Time `json:"last"`
}

// ResetMember is what a caller sends as ResetMember in /openapi.json.
type ResetMember struct {
	// Whether Latchkey sends the link to the person by mail, and tells it nobody else. If the mail server does not
	// take it within seven seconds, `sent` is false, and `url` has the link. If absent: `false`.
	Send *bool `json:"send,omitempty"`
}

// RevokeOwnKey is what a caller sends as RevokeOwnKey in /openapi.json.
type RevokeOwnKey struct {
	// Why; `unspecified` if absent.
	Reason string `json:"reason,omitempty"`
}

// RevokePortalKey is what a caller sends as RevokePortalKey in /openapi.json.
type RevokePortalKey struct {
	// Why; `unspecified` if absent.
	Reason string `json:"reason,omitempty"`
}

// RevokeToken is what a caller sends as RevokeToken in /openapi.json.
type RevokeToken struct {
	// The token to revoke.
	Token string `json:"token"`
	// Ignored: there is one type of tokens (RFC 7009, section 2.1).
	TokenTypeHint string `json:"token_type_hint,omitempty"`
}

// RotateKey is what a caller sends as RotateKey in /openapi.json.
type RotateKey struct {
	// How long the old token stays valid, in seconds; 0 if absent, and without `grace`.
	GraceSeconds *int64 `json:"grace_seconds,omitempty"`
	// See Grace.
	Grace *Grace `json:"grace,omitempty"`
	// Whether the children that the key has made by its old tokens go on with the new one. Else each ends with the
	// token by which it was made.
	KeepChildren *bool `json:"keep_children,omitempty"`
}

// RotatePortalKey is what a caller sends as RotatePortalKey in /openapi.json.
type RotatePortalKey struct {
	// How long the old token stays valid, in seconds; 0 if absent, and without `grace`.
	GraceSeconds *int64 `json:"grace_seconds,omitempty"`
}

// RotateWebhook is what a caller sends as RotateWebhook in /openapi.json.
type RotateWebhook struct {
	// For how long the old secret signs too, in seconds; 0 after a leak. If absent: `86400`.
	GraceSeconds *int64 `json:"grace_seconds,omitempty"`
}

// RotatedKey is what the API calls RotatedKey in /openapi.json.
type RotatedKey struct {
	// The id of the key, a UUID. No rotation changes it.
	ID string `json:"id"`
	// The organization that owns the key.
	OrganizationID string `json:"organization_id"`
	// A name for people. At least one of its characters can be seen.
	Name string `json:"name"`
	// What the key may do, such as `emails:send`.
	Permissions []string `json:"permissions"`
	// When a verification last found the key valid; null if none did.
	LastUsedAt *time.Time `json:"last_used_at"`
	// The id of the key, member or user that created it; null for the operator.
	CreatedBy *string `json:"created_by"`
	// What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
	CreatedByType *string `json:"created_by_type"`
	// When it was created.
	CreatedAt time.Time `json:"created_at"`
	// When it was revoked, for good; null if it is not.
	RevokedAt *time.Time `json:"revoked_at"`
	// The prefix and the kid of the newest token, which are not secret.
	Hint string `json:"hint"`
	// Whether it is valid at this instant, and why not.
	Status string `json:"status"`
	// When it expires; null if never.
	ExpiresAt *time.Time `json:"expires_at"`
	// The operator's own data, which every verdict on the key carries.
	Metadata map[string]any `json:"metadata"`
	// What the key is for, in the words of its owner; null if nobody said.
	Description *string `json:"description"`
	// Words under which the key is found, sorted.
	Tags []string `json:"tags"`
	// The key of which it is a child, for good; null if it is none.
	ParentID *string `json:"parent_id"`
	// From when on it is valid; null for at once.
	NotBefore *time.Time `json:"not_before"`
	// The addresses and networks from which it may be used; empty for anywhere.
	AllowedIPs []string `json:"allowed_ips"`
	// Since when it is suspended; null if it is not.
	SuspendedAt *time.Time `json:"suspended_at"`
	// The id of the key that suspended it; null for the operator, and if it is not.
	SuspendedBy *string `json:"suspended_by"`
	// Why it is suspended, for people.
	SuspendedReason *string `json:"suspended_reason"`
	// The id of the key that revoked it; null for the operator, for the report of a leak, and if it is not.
	RevokedBy *string `json:"revoked_by"`
	// Why it was revoked; null if it is not.
	RevocationReason *string `json:"revocation_reason"`
	// That its leak was reported, as of the last report that counts; null if not, and once it is cleared.
	Exposure *Exposure `json:"exposure"`
	// Its own limits, with what is left of them; those of its organization are that one's.
	Limits []LimitState `json:"limits"`
	// The same as `last_used_at`, with what is known of the call; null if none found it valid. Address and user
	// agent are kept for 30 days.
	LastUsed *LastUse `json:"last_used"`
	// Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag`
	// has it.
	Revision string `json:"revision"`
	// Of a decoy, which opens nothing: whether anybody tried it. Absent for every other key.
	Decoy *Decoy `json:"decoy,omitempty"`
	// The rules of policies that it breaks; only in lists with `breaks_policy`.
	BrokenRules []string `json:"broken_rules,omitempty"`
	// A warning: those of its permissions that the catalogue of permissions does not have; absent if there are none,
	// or no catalogue.
	Uncatalogued []string `json:"uncatalogued,omitempty"`
	// The token. Only this answer contains it.
	Key string `json:"key"`
	// The outcome of `?wait=applied`.
	Applied *Applied `json:"applied,omitempty"`
}

// RotatedWebhook is what the API calls RotatedWebhook in /openapi.json.
type RotatedWebhook struct {
	// Its id, a UUID.
	ID string `json:"id"`
	// The organization that owns it.
	OrganizationID string `json:"organization_id"`
	// The organization whose events it sends, if it is one of the root organization; null for its own, and for all.
	SourceOrganizationID *string `json:"source_organization_id"`
	// To where events are posted.
	URL string `json:"url"`
	// Which events are sent.
	Events []string `json:"events"`
	// What it is for, for people; null if nobody said.
	Description *string `json:"description"`
	// `failing` since the last delivery was none; `disabled` until somebody enables it.
	Status string `json:"status"`
	// When it was disabled; null if it is not.
	DisabledAt *time.Time `json:"disabled_at"`
	// Why: somebody did it, the receiver answered 410, or no delivery succeeded for 5 days. Null if it is not.
	DisabledReason *string `json:"disabled_reason"`
	// Since when no delivery has succeeded; null if the last one did.
	FailingSince *time.Time `json:"failing_since"`
	// When a receiver last took an event; null if none ever did.
	LastDeliveredAt *time.Time `json:"last_delivered_at"`
	// How many events were tried and wait to be tried again.
	Pending int64 `json:"pending"`
	// Until when the secret before the last rotation signs too; null if it does not.
	GraceEndsAt *time.Time `json:"grace_ends_at"`
	// The id of the key or member that created it; null for the operator.
	CreatedBy *string `json:"created_by"`
	// What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
	CreatedByType *string `json:"created_by_type"`
	// When it was created.
	CreatedAt time.Time `json:"created_at"`
	// Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag`
	// has it.
	Revision string `json:"revision"`
	// What signs its messages, as Standard Webhooks has it. Only this answer contains it.
	Secret string `json:"secret"`
	// The outcome of `?wait=applied`.
	Applied *Applied `json:"applied,omitempty"`
}

// SealedEvent is what the API calls SealedEvent in /openapi.json.
type SealedEvent struct {
	// The number of the event in the log, from 1 on.
	Sequence int64 `json:"sequence"`
	// The hash of the leaf (RFC 6962), in base64.
	Hash string `json:"hash"`
	// The leaf: the bytes that were sealed, a line of canonical JSON; null if the log was cut behind it.
	Leaf *string `json:"leaf"`
	// The salt of `details`; null if they were erased.
	DetailsSalt *string `json:"details_salt"`
	// What was changed, and by whom: the text to which the leaf commits; null if it was erased.
	Details *string `json:"details"`
	// The salt of `origin`; null if there is none for this caller.
	OriginSalt *string `json:"origin_salt"`
	// Who of another organization made the change, and from where: for the root organization alone.
	Origin *string `json:"origin"`
}

// ServerMetadata is what the API calls ServerMetadata in /openapi.json.
type ServerMetadata struct {
	// The public address of the server.
	Issuer string `json:"issuer"`
	// Where to verify a token.
	IntrospectionEndpoint string `json:"introspection_endpoint"`
	// How a caller shows itself.
	IntrospectionEndpointAuthMethodsSupported []string `json:"introspection_endpoint_auth_methods_supported"`
	// Where to revoke a token.
	RevocationEndpoint string `json:"revocation_endpoint"`
	// How a caller shows itself; `none`: the token suffices.
	RevocationEndpointAuthMethodsSupported []string `json:"revocation_endpoint_auth_methods_supported"`
	// Empty: Latchkey issues no tokens of OAuth 2.0.
	ResponseTypesSupported []string `json:"response_types_supported"`
	// Empty, likewise.
	GrantTypesSupported []string `json:"grant_types_supported"`
	// The reference of the HTTP API.
	ServiceDocumentation string `json:"service_documentation"`
}

// Session is what the API calls Session in /openapi.json.
type Session struct {
	// The id of the session, a UUID.
	ID string `json:"id"`
	// When the browser signed in.
	CreatedAt time.Time `json:"created_at"`
	// When it was last used, to the minute.
	LastSeenAt time.Time `json:"last_seen_at"`
	// When it ends in any case.
	ExpiresAt time.Time `json:"expires_at"`
	// When it ends unless it is used before.
	IdleExpiresAt time.Time `json:"idle_expires_at"`
	// The address from which it was opened.
	IP *string `json:"ip"`
	// The User-Agent with which it was opened.
	UserAgent *string `json:"user_agent"`
	// Whether this is the calling session.
	Current bool `json:"current"`
	// Until when its sign-in is fresh, as changes that outlive the session require. May be in the past.
	FreshUntil time.Time `json:"fresh_until"`
	// What has proved who the person is; null for a session that a key has opened.
	Provider *string `json:"provider"`
}

// SetPolicy is what a caller sends as SetPolicy in /openapi.json.
type SetPolicy struct {
	// How long after it is set the expiry of a key may be at most, in seconds: every key then has one. Null for no
	// rule. If absent: `null`.
	MaxLifetimeSeconds *Nullable[int64] `json:"max_lifetime_seconds,omitempty"`
	// Whether every key must expire. If absent: `false`.
	RequireExpiry *bool `json:"require_expiry,omitempty"`
	// All that may be granted, those of `latchkey:` included: each permission of a key must be covered by one of
	// these. Null for no rule. If absent: `null`.
	Permissions *Nullable[[]string] `json:"permissions,omitempty"`
	// Whether only permissions of the catalogue may be granted. Those of `latchkey:` need not stand in it. If
	// absent: `false`.
	CataloguedOnly *bool `json:"catalogued_only,omitempty"`
	// What new tokens may begin with. Null for all prefixes of the deployment. If absent: `null`.
	Prefixes *Nullable[[]string] `json:"prefixes,omitempty"`
	// Whether every key must have `allowed_ips`. If absent: `false`.
	RequireAllowedIPs *bool `json:"require_allowed_ips,omitempty"`
	// How many keys an organization has at most that are neither revoked nor expired. Null for no rule. If absent:
	// `null`.
	MaxKeys *Nullable[int64] `json:"max_keys,omitempty"`
	// What is done when the newest token of a key is reported as leaked: `revoke` the key, `end_after` some hours
	// the token, or `notify` alone. Keys with a permission of `latchkey:` are revoked in any case. Null for no rule:
	// then that of the deployment counts, and without one, `revoke`. If absent: `null`.
	OnLeak *Nullable[string] `json:"on_leak,omitempty"`
	// After how many hours, with `end_after`; null otherwise. If absent: `null`.
	LeakEndsAfterHours *Nullable[int64] `json:"leak_ends_after_hours,omitempty"`
}

// SetPrefixes is what a caller sends as SetPrefixes in /openapi.json.
type SetPrefixes struct {
	// What the tokens of new keys may begin with. The first is the default.
	Prefixes []string `json:"prefixes"`
}

// Settle is what a caller sends as Settle in /openapi.json.
type Settle struct {
	// What `reservation` of a verdict says.
	Reservation string `json:"reservation"`
	// How many units the call draws: a whole number for each limit that applies, or an object with one for each that
	// is named. 0 looks without drawing.
	Cost *Cost `json:"cost"`
}

// Settlement is what the API calls Settlement in /openapi.json.
type Settlement struct {
	// What was reserved of each limit that is still there, and what the call cost.
	Settled []SettlementSettled `json:"settled"`
	// The limits, with what is left of them now.
	Limits []VerdictLimit `json:"limits"`
}

// SettlementSettled is what the API calls SettlementSettled in /openapi.json.
type SettlementSettled struct {
	// The name of the limit.
	Name string `json:"name"`
	// Whose limit it is: the key's own, its organization's, or that of a key which made it.
	Scope string `json:"scope"`
	// The id of the key or the organization whose limit it is.
	ID string `json:"id"`
	// How many units were reserved.
	Reserved int64 `json:"reserved"`
	// How many the call cost.
	Cost int64 `json:"cost"`
}

// ShowInvitation is what a caller sends as ShowInvitation in /openapi.json.
type ShowInvitation struct {
	// The secret of an invitation: what stands behind the # of its link.
	Invitation string `json:"invitation"`
}

// ShownInvitation is what the API calls ShownInvitation in /openapi.json.
type ShownInvitation struct {
	// Who invites.
	Organization ShownInvitationOrganization `json:"organization"`
	// The address of the person who is invited.
	Email string `json:"email"`
	// The name of the person; null if nobody said.
	Name *string `json:"name"`
	// What it is in its organization: a fixed list of permissions.
	Role string `json:"role"`
	// Until when it can be used.
	ExpiresAt time.Time `json:"expires_at"`
	// The providers that accept it: those that name the organization, listed or not, and the listed ones for all.
	Providers []SignInProvider `json:"providers"`
	// Whether a passkey accepts it.
	Passkeys bool `json:"passkeys"`
}

// ShownInvitationOrganization is what the API calls ShownInvitationOrganization in /openapi.json.
type ShownInvitationOrganization struct {
	ID string `json:"id"`
	// A name for people. At least one of its characters can be seen.
	Name string `json:"name"`
}

// ShownToken is what a caller sends as ShownToken in /openapi.json.
type ShownToken struct {
	// The public id of its secret: the 16 characters behind the prefix.
	Kid string `json:"kid"`
	// The SHA-256 of the whole token, in hexadecimal digits.
	Sha256 string `json:"sha256"`
}

// SignInOptions is what the API calls SignInOptions in /openapi.json.
type SignInOptions struct {
	// The listed providers, and the one that was named if there is one of that id.
	Providers []SignInProvider `json:"providers"`
	// Whether somebody can sign in by a passkey.
	Passkeys bool `json:"passkeys"`
	// Whose tokens open sessions: of keys of the root organization, all, or none.
	Tokens string `json:"tokens"`
	// Whether a mail server is set up, which sends invitations.
	Mail bool `json:"mail"`
}

// SignInProvider is what the API calls SignInProvider in /openapi.json.
type SignInProvider struct {
	// The id of the provider, as the operator chose it.
	ID string `json:"id"`
	// What to call it on a button.
	Name string `json:"name"`
}

// Standing is what the API calls Standing in /openapi.json.
type Standing struct {
	// The organization. Name it as `Latchkey-Organization`.
	ID string `json:"id"`
	// A name for people. At least one of its characters can be seen.
	Name string `json:"name"`
	// As which member the person acts for it.
	MemberID string `json:"member_id"`
	// What it is in its organization: a fixed list of permissions.
	Role string `json:"role"`
}

// StartedSession is what the API calls StartedSession in /openapi.json.
type StartedSession struct {
	// The id of the session, a UUID.
	ID string `json:"id"`
	// When the browser signed in.
	CreatedAt time.Time `json:"created_at"`
	// When it was last used, to the minute.
	LastSeenAt time.Time `json:"last_seen_at"`
	// When it ends in any case.
	ExpiresAt time.Time `json:"expires_at"`
	// When it ends unless it is used before.
	IdleExpiresAt time.Time `json:"idle_expires_at"`
	// The address from which it was opened.
	IP *string `json:"ip"`
	// The User-Agent with which it was opened.
	UserAgent *string `json:"user_agent"`
	// Whether this is the calling session.
	Current bool `json:"current"`
	// Until when its sign-in is fresh, as changes that outlive the session require. May be in the past.
	FreshUntil time.Time `json:"fresh_until"`
	// What has proved who the person is; null for a session that a key has opened.
	Provider *string `json:"provider"`
	// Send it as `Latchkey-Session` with each request by the cookie: without it the cookie is not valid.
	PageValue string `json:"page_value"`
}

// Status is what the API calls Status in /openapi.json.
type Status struct {
	Status string `json:"status"`
}

// Suspend is what a caller sends as Suspend in /openapi.json.
type Suspend struct {
	// Why, for people.
	Reason string `json:"reason,omitempty"`
}

// TokenHash is what a caller sends as TokenHash in /openapi.json.
type TokenHash struct {
	// How the other system has hashed the token.
	Scheme string `json:"scheme"`
	// How the hash is written here.
	Encoding string `json:"encoding"`
	// The hash.
	Value string `json:"value"`
	// What is hashed: the whole token, or the part behind the first such mark: `after:|`. If absent: `token`.
	Of string `json:"of,omitempty"`
	// For `hmac-sha256`: the name of its key in LATCHKEY_PEPPERS.
	Pepper string `json:"pepper,omitempty"`
}

// TrufflehogFinding is what a caller sends as TrufflehogFinding in /openapi.json.
type TrufflehogFinding struct {
}

// UpdateKey is what a caller sends as UpdateKey in /openapi.json.
type UpdateKey struct {
	// A name for people. At least one of its characters can be seen.
	Name *string `json:"name,omitempty"`
	// Replaces what the key has; null keeps it, as if absent.
	Permissions *Nullable[[]string] `json:"permissions,omitempty"`
	// When the key expires; null if never.
	ExpiresAt *Nullable[time.Time] `json:"expires_at,omitempty"`
	// From when on the key is valid; null for at once. Before it expires.
	NotBefore *Nullable[time.Time] `json:"not_before,omitempty"`
	// Replaces what the key has; null keeps it, as if absent. An empty list allows every address.
	AllowedIPs *Nullable[[]string] `json:"allowed_ips,omitempty"`
	// Replaces what the key has; null keeps it, as if absent.
	Metadata *Nullable[map[string]any] `json:"metadata,omitempty"`
	// What the key is for, in your own words: 1 to 1,000 characters; null for none. Verdicts do not carry it.
	Description *Nullable[string] `json:"description,omitempty"`
	// Replaces what the key has; null keeps it, as if absent.
	Tags *Nullable[[]string] `json:"tags,omitempty"`
	// Replaces what the key has; null keeps it, as if absent.
	Limits *Nullable[[]Limit] `json:"limits,omitempty"`
}

// UpdateMember is what a caller sends as UpdateMember in /openapi.json.
type UpdateMember struct {
	// What it is in its organization: a fixed list of permissions.
	Role *string `json:"role,omitempty"`
	// Its name, a label; null for none.
	Name *Nullable[string] `json:"name,omitempty"`
}

// UpdateOrganization is what a caller sends as UpdateOrganization in /openapi.json.
type UpdateOrganization struct {
	// A name for people. At least one of its characters can be seen.
	Name *string `json:"name,omitempty"`
	// What its members may grant to its keys. Replaces the current list; takes the root organization.
	GrantablePermissions []string `json:"grantable_permissions,omitempty"`
	// By what its members sign in: `any` way, or by a `provider` alone; then a passkey only makes a sign-in fresh.
	// Setting it takes the root organization.
	SignIn *string `json:"sign_in,omitempty"`
	// Replaces what it has; null keeps it, as if absent.
	Limits *Nullable[[]Limit] `json:"limits,omitempty"`
	// The name of its plan; null for none. Setting it takes `latchkey:limits:write`.
	Plan *Nullable[string] `json:"plan,omitempty"`
}

// UpdateOwnIdentity is what a caller sends as UpdateOwnIdentity in /openapi.json.
type UpdateOwnIdentity struct {
	// By what its owner knows it.
	Label string `json:"label"`
}

// UpdatePlan is what a caller sends as UpdatePlan in /openapi.json.
type UpdatePlan struct {
	// All that keys of its organizations may do, whatever they hold; null for no bound. The `latchkey:` permissions
	// have none.
	Permissions *Nullable[[]string] `json:"permissions,omitempty"`
	Limits      *Nullable[[]Limit]  `json:"limits,omitempty"`
	KeyLimits   *Nullable[[]Limit]  `json:"key_limits,omitempty"`
}

// UpdateWebhook is what a caller sends as UpdateWebhook in /openapi.json.
type UpdateWebhook struct {
	// To where events are posted: `https://`, and an address that everybody can reach.
	URL *string `json:"url,omitempty"`
	// Which events are sent: names such as `key.revoked`, all of a kind as `key.*`, or `*`.
	Events []string `json:"events,omitempty"`
	// What it is for, for people; null if nobody said.
	Description *Nullable[string] `json:"description,omitempty"`
	// False stops it; true lets it go on.
	Enabled *bool `json:"enabled,omitempty"`
	// From where one goes on that is enabled again: from where it stopped, 30 days back at most, or with what comes
	// now. `stopped` if absent.
	ResumeFrom *string `json:"resume_from,omitempty"`
}

// UsageReport is what a caller sends as UsageReport in /openapi.json.
type UsageReport struct {
	// Names the verifier, and no other one of the calling key.
	Source string `json:"source"`
	// Grows with each report of the verifier. A number that was written before, or a lower one, changes nothing.
	Number int64 `json:"number"`
	// What was counted.
	Counts []ReportedCount `json:"counts"`
	// What the calls had in common.
	Profiles []ReportedProfile `json:"profiles,omitempty"`
	// When secrets were last found valid.
	Uses []Use `json:"uses"`
}

// UsageReported is what the API calls UsageReported in /openapi.json.
type UsageReported struct {
	// The time by the clock that decides of hours.
	At time.Time `json:"at"`
}

// UsageRow is what the API calls UsageRow in /openapi.json.
type UsageRow struct {
	// When the period begins; of `total`, the range.
	Start time.Time `json:"start"`
	// The id of the group, its code or permission; null without groups, for tokens of no key, and for calls whose
	// permissions are not known.
	ID *string `json:"id"`
	// The name of the key or of the organization; null for anything else.
	Name *string `json:"name"`
	// How many verdicts there were.
	Calls int64 `json:"calls"`
	// How many of them were valid.
	Valid int64 `json:"valid"`
	// How many were refused, by the code of the verdict.
	Refused map[string]int64 `json:"refused"`
	// The units that were drawn, by limit.
	Units []UsedUnits `json:"units"`
}

// Use is what a caller sends as Use in /openapi.json.
type Use struct {
	Kid string    `json:"kid"`
	At  time.Time `json:"at"`
	// See CallContext.
	Context *CallContext `json:"context,omitempty"`
}

// UsedUnits is what the API calls UsedUnits in /openapi.json.
type UsedUnits struct {
	// Whose limit it is, beside the key that was verified.
	Scope string `json:"scope"`
	// The name of the limit.
	Name string `json:"name"`
	// How many units were drawn, with what settlements have drawn and given back since.
	Units int64 `json:"units"`
}

// VerdictLimit is what the API calls VerdictLimit in /openapi.json.
type VerdictLimit struct {
	// The name of the limit.
	Name string `json:"name"`
	// Whose limit it is: the key's own, its organization's, or that of a key which made it.
	Scope string `json:"scope"`
	// The id of the key or the organization whose limit it is.
	ID string `json:"id"`
	// How many units there are in each window, or in each period.
	Limit int64 `json:"limit"`
	// Of a rate: in how many seconds it gains `limit`.
	WindowSeconds *int64 `json:"window_seconds,omitempty"`
	// How many units are left.
	Remaining int64 `json:"remaining"`
	// When a quota begins anew, or a rate will be full; null for a quota that never does.
	ResetsAt *time.Time `json:"resets_at"`
}

// VerifyKey is what a caller sends as VerifyKey in /openapi.json.
type VerifyKey struct {
	// The token to verify.
	Key string `json:"key"`
	// All of these are required. If absent: `[]`.
	Permissions []string `json:"permissions,omitempty"`
	// A token with another prefix is `wrong_environment`; any prefix if absent.
	Prefix string `json:"prefix,omitempty"`
	// How many units the call draws: a whole number for each limit that applies, or an object with one for each that
	// is named. 0 looks without drawing.
	Cost *Cost `json:"cost,omitempty"`
	// Reserves the cost for so long: the verdict has a `reservation`, which a settlement brings to the true cost.
	ReserveSeconds *int64 `json:"reserve_seconds,omitempty"`
	// From where the call comes, and what it calls. It is counted; by `ip`, keys with `allowed_ips` are judged.
	Context *CallContext `json:"context,omitempty"`
}

// Webhook is what the API calls Webhook in /openapi.json.
type Webhook struct {
	// Its id, a UUID.
	ID string `json:"id"`
	// The organization that owns it.
	OrganizationID string `json:"organization_id"`
	// The organization whose events it sends, if it is one of the root organization; null for its own, and for all.
	SourceOrganizationID *string `json:"source_organization_id"`
	// To where events are posted.
	URL string `json:"url"`
	// Which events are sent.
	Events []string `json:"events"`
	// What it is for, for people; null if nobody said.
	Description *string `json:"description"`
	// `failing` since the last delivery was none; `disabled` until somebody enables it.
	Status string `json:"status"`
	// When it was disabled; null if it is not.
	DisabledAt *time.Time `json:"disabled_at"`
	// Why: somebody did it, the receiver answered 410, or no delivery succeeded for 5 days. Null if it is not.
	DisabledReason *string `json:"disabled_reason"`
	// Since when no delivery has succeeded; null if the last one did.
	FailingSince *time.Time `json:"failing_since"`
	// When a receiver last took an event; null if none ever did.
	LastDeliveredAt *time.Time `json:"last_delivered_at"`
	// How many events were tried and wait to be tried again.
	Pending int64 `json:"pending"`
	// Until when the secret before the last rotation signs too; null if it does not.
	GraceEndsAt *time.Time `json:"grace_ends_at"`
	// The id of the key or member that created it; null for the operator.
	CreatedBy *string `json:"created_by"`
	// What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.
	CreatedByType *string `json:"created_by_type"`
	// When it was created.
	CreatedAt time.Time `json:"created_at"`
	// Another one after each edit, and the same after each use. `If-Match` takes it in quotes, as the header `ETag`
	// has it.
	Revision string `json:"revision"`
}

// WebhookTest is what the API calls WebhookTest in /openapi.json.
type WebhookTest struct {
	// Whether the receiver took it: it answered 2xx.
	Delivered bool `json:"delivered"`
	// The status of the answer to the last attempt; null if there was none.
	HTTPStatus *int64 `json:"http_status"`
	// Why there was no answer, or why it counts as a failure; null otherwise.
	Error *string `json:"error"`
	// The first 1,024 bytes of the answer, if they are text; null for callers without `latchkey:webhooks:write`.
	Answer *string `json:"answer"`
	// How long the last attempt took, in milliseconds; null before the first.
	DurationMs *int64 `json:"duration_ms"`
}

// AuthorizeRequestQuery narrows the call: Verify the token of a request for a reverse proxy. What has its zero
// value is not sent.
type AuthorizeRequestQuery struct {
	// All of these are required.
	Permission []string `query:"permission"`
	// A token with another prefix is refused.
	Prefix string `query:"prefix"`
	// How many units the call draws of each limit; `cost.NAME` of one.
	Cost string `query:"cost"`
	// Answers 403 where limits refuse, for nginx, which takes no other status.
	Refuse string `query:"refuse"`
}

// ListChildrenQuery narrows the call: List the children of a key. What has its zero value is not sent.
type ListChildrenQuery struct {
	// Maximum number of items; a page of large items has fewer. If absent: `1000`.
	Limit int64 `query:"limit"`
	// The cursor of the previous page.
	After string `query:"after"`
}

// ListKeysQuery narrows the call: List keys. What has its zero value is not sent.
type ListKeysQuery struct {
	// Only keys of this status; if absent, active ones, and with `exposed=true` those of any.
	Status string `query:"status"`
	// Only keys of this organization. The caller's own if absent; every one for the root organization.
	OrganizationID string `query:"organization_id"`
	// Only keys whose name or description contains this text, case-insensitive.
	Q string `query:"q"`
	// Only keys that have this tag, or all of several.
	Tag []string `query:"tag"`
	// Only keys that hold exactly this permission: `emails:*` does not find keys that hold `emails:send`, nor the
	// other way round.
	Permission string `query:"permission"`
	// Only keys that this key, member or user created, by its id.
	CreatedBy string `query:"created_by"`
	// Only keys that a member has created who is removed.
	Creator string `query:"creator"`
	// Only keys of whose valid tokens this member has seen one.
	TokenSeenBy string `query:"token_seen_by"`
	// Only keys whose tokens begin with this prefix.
	Prefix string `query:"prefix"`
	// Only the key that has, or had, the secret with this kid.
	Kid string `query:"kid"`
	// Only the key that has, or had, the token with this hint.
	Hint string `query:"hint"`
	// Only keys that expire before this instant.
	ExpiresBefore time.Time `query:"expires_before"`
	// Only keys that were created before this instant and not used from then on.
	UnusedSince time.Time `query:"unused_since"`
	// Only keys that were never used, or, if false, that were used at least once.
	NeverUsed *bool `query:"never_used"`
	// Only keys that are marked as leaked, or, if false, that are not.
	Exposed *bool `query:"exposed"`
	// Only keys that break a rule of a policy, with the rules (`broken_rules`), or, if false, that break none. No
	// rule on the number of keys is one of a single key.
	BreaksPolicy *bool `query:"breaks_policy"`
	// Only decoys or, if false, only keys that are none.
	Decoy *bool `query:"decoy"`
	// The order: newest first if absent; last used first; longest unused first, after those that were never used;
	// soonest to expire first, without those that never do; or by name. If absent: `-created_at`.
	Sort string `query:"sort"`
	// Whether to count the keys of the whole list, up to 10,000, with its first page.
	Count *bool `query:"count"`
	// Maximum number of items; a page of large items has fewer. If absent: `1000`.
	Limit int64 `query:"limit"`
	// The cursor of the previous page.
	After string `query:"after"`
}

// ListPermissionsQuery narrows the call: List the permissions in use. What has its zero value is not sent.
type ListPermissionsQuery struct {
	// Only keys of this organization. The caller's own if absent; every one for the root organization.
	OrganizationID string `query:"organization_id"`
}

// ListOrganizationsQuery narrows the call: List organizations. What has its zero value is not sent.
type ListOrganizationsQuery struct {
	// Only organizations whose name or id contains this text, case-insensitive.
	Q string `query:"q"`
	// Maximum number of items; a page of large items has fewer. If absent: `1000`.
	Limit int64 `query:"limit"`
	// The cursor of the previous page.
	After string `query:"after"`
}

// ListPlansQuery narrows the call: List plans. What has its zero value is not sent.
type ListPlansQuery struct {
	// Maximum number of items; a page of large items has fewer. If absent: `1000`.
	Limit int64 `query:"limit"`
	// The cursor of the previous page.
	After string `query:"after"`
}

// ListMembersQuery narrows the call: List members. What has its zero value is not sent.
type ListMembersQuery struct {
	// Only members of this organization. The caller's own if absent; every one for the root organization.
	OrganizationID string `query:"organization_id"`
	// Only members of this status; active ones if absent. If absent: `active`.
	Status string `query:"status"`
	// Maximum number of items; a page of large items has fewer. If absent: `1000`.
	Limit int64 `query:"limit"`
	// The cursor of the previous page.
	After string `query:"after"`
}

// RemoveMemberQuery narrows the call: Remove a member permanently. What has its zero value is not sent.
type RemoveMemberQuery struct {
	// What becomes of the keys with a `latchkey:` permission whose tokens the member has seen. Must be said if there
	// are any.
	ManagementKeys string `query:"management_keys"`
}

// ListInvitationsQuery narrows the call: List invitations. What has its zero value is not sent.
type ListInvitationsQuery struct {
	// Only invitations of this organization. The caller's own if absent; every one for the root organization.
	OrganizationID string `query:"organization_id"`
	// Only invitations of this status; pending ones if absent. If absent: `pending`.
	Status string `query:"status"`
	// Maximum number of items; a page of large items has fewer. If absent: `1000`.
	Limit int64 `query:"limit"`
	// The cursor of the previous page.
	After string `query:"after"`
}

// ReadUsageQuery narrows the call: Read usage. What has its zero value is not sent.
type ReadUsageQuery struct {
	// From the period that holds this instant on; if absent, 30 days before `until`, or 7 to compare the keys or
	// permissions of all organizations.
	Since time.Time `query:"since"`
	// Up to the period that holds the instant before this one; now if absent.
	Until time.Time `query:"until"`
	// A row for each period, by UTC, or one row for the whole range. By hour a range has at most 35 days, by day
	// 800. If absent: `day`.
	By string `query:"by"`
	// Only calls with keys of this organization. The caller's own if absent; all for the root organization.
	OrganizationID string `query:"organization_id"`
	// Only calls with this key.
	KeyID string `query:"key_id"`
	// Only calls with these keys, at most 50, with `group=key`: rows of those with calls, whichever the top ones
	// are. Keys that the caller may not see have none.
	KeyIDs []string `query:"key_ids"`
	// Rows for each of these, the top ones first. A call counts for each permission that it asked for, over whole
	// days, at most 90. If absent: `none`.
	Group string `query:"group"`
	// Of groups, the ones with most calls come first, or valid, or refused ones. If absent: `-calls`.
	Sort string `query:"sort"`
	// Maximum number of groups. If absent: `10`.
	Limit int64 `query:"limit"`
}

// ExportUsageQuery narrows the call: Export usage. What has its zero value is not sent.
type ExportUsageQuery struct {
	// From the period that holds this instant on; 30 days before `until` if absent.
	Since time.Time `query:"since"`
	// Up to the period that holds the instant before this one; all that is closed if absent.
	Until time.Time `query:"until"`
	// Rows for each period, by UTC. If absent: `day`.
	By string `query:"by"`
	// Only calls with keys of this organization. The caller's own if absent; all for the root organization.
	OrganizationID string `query:"organization_id"`
	// Only calls with this key.
	KeyID string `query:"key_id"`
}

// ReadKeyUsageQuery narrows the call: Read the usage of a key. What has its zero value is not sent.
type ReadKeyUsageQuery struct {
	// From the period that holds this instant on; 30 days before `until` if absent.
	Since time.Time `query:"since"`
	// Up to the period that holds the instant before this one; now if absent.
	Until time.Time `query:"until"`
	// A row for each period, by UTC, or one row for the whole range. By hour a range has at most 35 days, by day
	// 800. If absent: `day`.
	By string `query:"by"`
	// Rows for each of these. A call counts for each permission that it asked for, over whole days, at most 90. If
	// absent: `none`.
	Group string `query:"group"`
	// Of groups, the ones with most calls come first, or valid, or refused ones. If absent: `-calls`.
	Sort string `query:"sort"`
	// Maximum number of groups. If absent: `10`.
	Limit int64 `query:"limit"`
}

// ListAuditEventsQuery narrows the call: List audit events. What has its zero value is not sent.
type ListAuditEventsQuery struct {
	// Only events of this organization. The caller's own if absent; all for the root organization.
	OrganizationID string `query:"organization_id"`
	// Only changes to this key.
	KeyID string `query:"key_id"`
	// Only changes by this key, member or user, by its id.
	Actor string `query:"actor"`
	// Only changes of this kind.
	Action string `query:"action"`
	// Only events at or after this instant.
	Since time.Time `query:"since"`
	// Only events before this instant.
	Until time.Time `query:"until"`
	// Maximum number of items; a page of large items has fewer. If absent: `1000`.
	Limit int64 `query:"limit"`
	// The cursor of the previous page.
	After string `query:"after"`
}

// ExportAuditEventsQuery narrows the call: Download audit events. What has its zero value is not sent.
type ExportAuditEventsQuery struct {
	// Only events of this organization. The caller's own if absent; all for the root organization.
	OrganizationID string `query:"organization_id"`
	// Only changes to this key.
	KeyID string `query:"key_id"`
	// Only changes by this key, member or user, by its id.
	Actor string `query:"actor"`
	// Only changes of this kind.
	Action string `query:"action"`
	// Only events at or after this instant.
	Since time.Time `query:"since"`
	// Only events before this instant.
	Until time.Time `query:"until"`
}

// ReadCheckpointQuery narrows the call: Get a checkpoint of the log. What has its zero value is not sent.
type ReadCheckpointQuery struct {
	// The log of this organization. The caller's own if absent; that of all for the root organization.
	OrganizationID string `query:"organization_id"`
}

// ListCheckpointsQuery narrows the call: List the checkpoints that were kept. What has its zero value is not
// sent.
type ListCheckpointsQuery struct {
	// The log of this organization. The caller's own if absent; that of all for the root organization.
	OrganizationID string `query:"organization_id"`
	// Maximum number of items; a page of large items has fewer. If absent: `1000`.
	Limit int64 `query:"limit"`
	// The cursor of the previous page.
	After string `query:"after"`
}

// ListSealedEventsQuery narrows the call: List the log as it is sealed. What has its zero value is not sent.
type ListSealedEventsQuery struct {
	// The log of this organization. The caller's own if absent; that of all for the root organization.
	OrganizationID string `query:"organization_id"`
	// Maximum number of events. If absent: `100`.
	Limit int64 `query:"limit"`
	// The cursor of the previous page.
	After string `query:"after"`
}

// ProveEventQuery narrows the call: Prove that an event is in the log. What has its zero value is not sent.
type ProveEventQuery struct {
	// The log of this organization. The caller's own if absent; that of all for the root organization.
	OrganizationID string `query:"organization_id"`
	// The number of the event in the log: its `sequence`, or in the log of all its `position`.
	Sequence int64 `query:"sequence"`
	// How many events the log had, as its checkpoint says; as many as now if absent.
	Size int64 `query:"size"`
}

// ProveGrowthQuery narrows the call: Prove that the log only grew. What has its zero value is not sent.
type ProveGrowthQuery struct {
	// The log of this organization. The caller's own if absent; that of all for the root organization.
	OrganizationID string `query:"organization_id"`
	// How many events the log had before.
	From int64 `query:"from"`
	// How many events the log had, as its checkpoint says; as many as now if absent.
	Size int64 `query:"size"`
}

// ReadEventsQuery narrows the call: Read or follow events. What has its zero value is not sent.
type ReadEventsQuery struct {
	// Only events of this organization, by its `sequence`. The caller's own if absent; all, by their `position`, for
	// the root organization.
	OrganizationID string `query:"organization_id"`
	// Only events behind this one: a `cursor` of an earlier answer, or a number. From the beginning if absent.
	After string `query:"after"`
	// Only events of these actions, such as `key.created`, or groups of them, such as `key.*`.
	Types []string `query:"types"`
	// Maximum number of events. If absent: `100`.
	Limit int64 `query:"limit"`
	// How long to wait for an event if there is none yet. If absent: `0`.
	WaitSeconds int64 `query:"wait_seconds"`
}

// ListWebhooksQuery narrows the call: List webhooks. What has its zero value is not sent.
type ListWebhooksQuery struct {
	// Only those of this organization. The caller's own if absent; all for the root organization.
	OrganizationID string `query:"organization_id"`
	// Maximum number of items; a page of large items has fewer. If absent: `1000`.
	Limit int64 `query:"limit"`
	// The cursor of the previous page.
	After string `query:"after"`
}

// ListDeliveriesQuery narrows the call: List deliveries. What has its zero value is not sent.
type ListDeliveriesQuery struct {
	// Only those in this state.
	State string `query:"state"`
	// Maximum number of items; a page of large items has fewer. If absent: `1000`.
	Limit int64 `query:"limit"`
	// The cursor of the previous page.
	After string `query:"after"`
}

// ReadSignInQuery narrows the call: Tell how people sign in. What has its zero value is not sent.
type ReadSignInQuery struct {
	// A provider that is not listed, by its id: it is told with those that are.
	Provider string `query:"provider"`
}

// ListPortalSessionsQuery narrows the call: List portal sessions. What has its zero value is not sent.
type ListPortalSessionsQuery struct {
	// Only sessions of this organization; of every one if absent.
	OrganizationID string `query:"organization_id"`
	// Only those of this user.
	UserID string `query:"user_id"`
	// Maximum number of items; a page of large items has fewer. If absent: `1000`.
	Limit int64 `query:"limit"`
	// The cursor of the previous page.
	After string `query:"after"`
}

// EndPortalSessionsQuery narrows the call: End the portal sessions of a user. What has its zero value is not
// sent.
type EndPortalSessionsQuery struct {
	// The organization of the sessions.
	OrganizationID string `query:"organization_id"`
	// Only those of this user.
	UserID string `query:"user_id"`
}

// ListPortalKeysQuery narrows the call: List keys on the customers’ page. What has its zero value is not sent.
type ListPortalKeysQuery struct {
	// Only keys of this status; if absent, active ones, and with `exposed=true` those of any.
	Status string `query:"status"`
	// Maximum number of items; a page of large items has fewer. If absent: `1000`.
	Limit int64 `query:"limit"`
	// The cursor of the previous page.
	After string `query:"after"`
}

// ReadPortalUsageQuery narrows the call: Read usage on the customers’ page. What has its zero value is not sent.
type ReadPortalUsageQuery struct {
	// From the period that holds this instant on; 30 days before `until` if absent.
	Since time.Time `query:"since"`
	// Up to the period that holds the instant before this one; now if absent.
	Until time.Time `query:"until"`
	// A row for each period, by UTC, or one row for the whole range. If absent: `day`.
	By string `query:"by"`
	// Only calls with this key.
	KeyID string `query:"key_id"`
}
