package latchkey

import "time"

// isRotated and the other predicates read instants whose zero value is "never".
func hasPassed(at, now time.Time) bool {
	return !at.IsZero() && !at.After(now)
}

// judge evaluates facts at an instant by the wall's clock: everything but limits. The first reason that applies is the answer.
func (f *facts) judge(question *Question, token string, now time.Time) Verdict {
	if question.OrganizationID != "" && question.OrganizationID != f.organizationID {
		return Verdict{Code: CodeNotFound}
	}
	code, ancestorID := f.refusal(question, token, now)
	switch code {
	case "":
	case CodeRotated:
		// Of a token whose time is over, nothing else is told.
		return Verdict{Code: code, KeyID: f.keyID, AncestorID: ancestorID}
	default:
		verdict := f.verdict()
		verdict.Valid, verdict.Code, verdict.AncestorID = false, code, ancestorID
		if code == CodeNotYetValid {
			notBefore := f.notBefore
			verdict.NotBefore = &notBefore
		}
		return verdict
	}
	verdict := f.verdict()
	if missing := missingOf(f.granted, question.Permissions); missing != nil {
		verdict.Valid, verdict.Code, verdict.Missing = false, CodeInsufficientPermissions, missing
	}
	return verdict
}

// verdict is the one if all terms are met. A caller can change a time that it gets: each gets its own.
func (f *facts) verdict() Verdict {
	verdict := f.known
	if !f.expiresAt.IsZero() {
		expiresAt := f.expiresAt
		verdict.ExpiresAt = &expiresAt
	}
	return verdict
}

// refusal returns the code of a refusal before permissions, and the ancestor whose it is; "" for none.
func (f *facts) refusal(question *Question, token string, now time.Time) (code, ancestorID string) {
	switch {
	case question.Prefix != "" && !hasPrefix(token, question.Prefix):
		return CodeWrongEnvironment, ""
	case f.isRevoked:
		return CodeRevoked, f.ancestorOf(CodeRevoked)
	case f.isSuspended:
		return CodeSuspended, f.ancestorOf(CodeSuspended)
	case f.isHeld:
		return CodeSuspended, ""
	case hasPassed(f.expiresAt, now):
		return CodeExpired, f.ancestorOf(CodeExpired)
	case f.notBefore.After(now):
		return CodeNotYetValid, f.ancestorOf(CodeNotYetValid)
	case f.isEnded || hasPassed(f.graceEndsAt, now):
		return CodeRotated, f.ancestorOf(CodeRotated)
	case len(f.networks) > 0 && !isWithin(f.networks, question.Context.IP):
		return CodeIPNotAllowed, ""
	}
	for i := range f.ancestors {
		if one := &f.ancestors[i]; len(one.networks) > 0 && !isWithin(one.networks, question.Context.IP) {
			return CodeIPNotAllowed, one.id
		}
	}
	return "", ""
}

func (f *facts) ancestorOf(reason string) string {
	for i := range f.ancestors {
		if contains(f.ancestors[i].reasons, reason) {
			return f.ancestors[i].id
		}
	}
	return ""
}

// kidOf returns the kid of the token of these facts.
func (f *facts) kidOf(token string) string {
	if f.foreignKid != "" {
		return f.foreignKid
	}
	return kidOf(withoutScheme(token))
}
