package latchkey

import "time"

// The codes of verdicts.
const (
	CodeValid                   = "valid"
	CodeMalformed               = "malformed"
	CodeNotFound                = "not_found"
	CodeWrongEnvironment        = "wrong_environment"
	CodeRevoked                 = "revoked"
	CodeSuspended               = "suspended"
	CodeExpired                 = "expired"
	CodeNotYetValid             = "not_yet_valid"
	CodeRotated                 = "rotated"
	CodeIPNotAllowed            = "ip_not_allowed"
	CodeInsufficientPermissions = "insufficient_permissions"
	CodeQuotaExceeded           = "quota_exceeded"
	CodeRateLimited             = "rate_limited"
)

// Verdict is the answer to "may this token do this, now?". The zero value is a refusal. Fields that a code does not have are zero.
type Verdict struct {
	// Valid is the answer.
	Valid bool `json:"valid"`
	// Code says why.
	Code string `json:"code"`
	// KeyID is the id of the key, if the token is known.
	KeyID string `json:"key_id,omitempty"`
	// OrganizationID is its owner.
	OrganizationID string `json:"organization_id,omitempty"`
	// Name is the name of the key.
	Name string `json:"name,omitempty"`
	// Permissions are all that the key may do. Verdicts of a Verifier share them: do not change them.
	Permissions []string `json:"permissions,omitempty"`
	// ExpiresAt is when the key expires; nil for never.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// Metadata is the operator's own data. Verdicts of a Verifier share it: do not change it.
	Metadata map[string]any `json:"metadata,omitempty"`
	// Missing are the permissions that the key lacks, for insufficient_permissions.
	Missing []string `json:"missing,omitempty"`
	// NotBefore is from when the key is valid, for not_yet_valid.
	NotBefore *time.Time `json:"not_before,omitempty"`
	// AncestorID is the key of which this one is a child, if the refusal is that one's.
	AncestorID string `json:"ancestor_id,omitempty"`
	// Limits are those that apply, if the call drew from some or was refused by one.
	Limits []VerdictLimit `json:"limits,omitempty"`
	// Exceeded are the limits that refused.
	Exceeded []ExceededLimit `json:"exceeded,omitempty"`
	// RetryAfterMs is when to try again, for refusals by limits; nil if waiting does not help.
	RetryAfterMs *int64 `json:"retry_after_ms,omitempty"`
	// Reservation is what a settlement brings to what the call really cost.
	Reservation string `json:"reservation,omitempty"`
}

// Question is what is asked of a token.
type Question struct {
	// Permissions are all required.
	Permissions []string
	// OrganizationID is whose the key must be; another's is not_found. A Verifier alone judges it.
	OrganizationID string
	// Prefix is the one that the token must have, such as re_live.
	Prefix string
	// Cost is what the call draws; the limits' own default if nil.
	Cost *Cost
	// ReserveSeconds reserves the cost for so long: the verdict has a Reservation to settle.
	ReserveSeconds int64
	// Context tells from where the call came, and of which operation.
	Context CallContext
	// isLook is set if somebody else counts the call.
	isLook bool
}

func (q *Question) fault() *Error {
	if fault := q.Cost.fault(); fault != nil {
		return fault
	}
	if q.ReserveSeconds < 0 || q.ReserveSeconds > 86_400 {
		return invalidInput("reserve_seconds", "Must be a whole number from 1 to 86400.")
	}
	if q.Prefix != "" && !isPrefix(q.Prefix) {
		return invalidInput("prefix", "Must be a token prefix, such as re or re_live.")
	}
	return nil
}
