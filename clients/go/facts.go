package latchkey

import (
	"strconv"
	"time"
)

// facts are what is known of a secret and its key. Never a decision: time passes, and calls differ. None of it changes.
type facts struct {
	// known is the verdict if all terms are met. Callers may get its lists, so nothing is judged by them.
	known          Verdict
	granted        []string
	keyID          string
	organizationID string
	isRevoked      bool
	isSuspended    bool
	// isHeld tells that the organization is suspended.
	isHeld      bool
	expiresAt   time.Time
	notBefore   time.Time
	graceEndsAt time.Time
	isEnded     bool
	networks    []network
	ancestors   []ancestor
	// foreignKid is the kid of another system's token, which does not show it.
	foreignKid string
	// claims are what a call draws that names no cost.
	claims []claim
	// owners are those whose change ends the facts, as the stream names them.
	owners []string
	size   int
}

// ancestor is a key of which the key is a child.
type ancestor struct {
	id       string
	reasons  []string
	networks []network
}

// claim is what a call draws from one limit.
type claim struct {
	limit *limit
	cost  int64
	// period is that of the units that were drawn, once they are.
	period int64
}

// limit is a limit as a verification meets it. None of it changes.
type limit struct {
	scope, ownerID, organizationID, name string
	// counterID is that of the stream; kind tells a rate from a quota.
	counterID, measure string
	isRate             bool
	limit, burst       int64
	windowMs           int64
	defaultCost, epoch int64
}

// isSame tells whether what was granted of one limit is of the other.
func (l *limit) isSame(other *limit) bool {
	return l == other || (l.epoch == other.epoch && l.counterID == other.counterID && l.limit == other.limit &&
		l.burst == other.burst && l.windowMs == other.windowMs)
}

func (l *limit) kind() string {
	if l.isRate {
		return "rate"
	}
	return "quota"
}

func badFacts() *Error {
	return newError(CodeUnexpectedAnswer, "The facts from the server have an unknown format.")
}

// readFacts reads what the server knows of a token: nil if it is unknown. Anything of another form is an error: no verdict is made
// of it.
func readFacts(answer *Facts) (*facts, *Error) {
	if answer.AgeMs < 0 {
		return nil, badFacts()
	}
	secret := answer.Secret
	if secret == nil {
		return nil, nil
	}
	if secret.KeyID == "" || secret.OrganizationID == "" || (secret.Kid != "" && secret.Kid[0] != '-') {
		return nil, badFacts()
	}
	networks, ok := readNetworks(secret.AllowedIPs)
	if !ok {
		return nil, badFacts()
	}
	permissions := append([]string{}, secret.Permissions...)
	read := &facts{
		known: Verdict{
			Valid: true, Code: CodeValid, KeyID: secret.KeyID, OrganizationID: secret.OrganizationID, Name: secret.Name,
			Permissions: secret.Permissions, Metadata: secret.Metadata,
		},
		granted: permissions, keyID: secret.KeyID, organizationID: secret.OrganizationID,
		isRevoked: secret.RevokedAt != nil, isSuspended: secret.SuspendedAt != nil, isHeld: secret.OrganizationSuspendedAt != nil,
		expiresAt: orZero(secret.ExpiresAt), notBefore: orZero(secret.NotBefore), graceEndsAt: orZero(secret.GraceEndsAt),
		isEnded: secret.IsEnded, networks: networks, foreignKid: secret.Kid,
		owners: []string{"key/" + secret.KeyID, "organization/" + secret.OrganizationID},
	}
	if secret.Plan != nil {
		read.owners = append(read.owners, "plan/"+*secret.Plan)
	}
	for _, id := range secret.Line {
		read.owners = append(read.owners, "key/"+id)
	}
	for _, told := range secret.Ancestors {
		bound, ok := readNetworks(told.AllowedIPs)
		if !ok || told.ID == "" {
			return nil, badFacts()
		}
		read.ancestors = append(read.ancestors, ancestor{id: told.ID, reasons: told.Reasons, networks: bound})
		read.owners = append(read.owners, "key/"+told.ID)
	}
	for i := range secret.Limits {
		of, ok := readLimit(&secret.Limits[i], secret.OrganizationID)
		if !ok {
			return nil, badFacts()
		}
		read.claims = append(read.claims, claim{limit: of, cost: of.defaultCost})
	}
	read.size = sizeOf(read, secret)
	return read, nil
}

// orZero gives an instant, and the zero time for none.
func orZero(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return *at
}

func readNetworks(texts []string) ([]network, bool) {
	var networks []network
	for _, text := range texts {
		read, ok := readNetwork(text)
		if !ok {
			return nil, false
		}
		networks = append(networks, read)
	}
	return networks, true
}

func readLimit(told *FactsLimit, organizationID string) (*limit, bool) {
	owner := "key"
	if told.Scope == "organization" {
		owner = "organization"
	}
	isSound := told.Name != "" && told.ID != "" && told.Epoch >= 0 && told.Limit >= 0 && told.DefaultCost >= 0 &&
		(told.Scope == "key" || told.Scope == "organization" || told.Scope == "ancestor")
	read := &limit{
		scope: told.Scope, ownerID: told.ID, organizationID: organizationID, name: told.Name, measure: told.Scope + "/" + told.Name,
		limit: told.Limit, defaultCost: told.DefaultCost, epoch: told.Epoch,
	}
	kind := "never"
	if told.WindowSeconds != nil {
		isSound = isSound && *told.WindowSeconds > 0 && told.Burst != nil && *told.Burst >= 0
		if !isSound {
			return nil, false
		}
		kind = "rate"
		read.isRate, read.windowMs, read.burst = true, *told.WindowSeconds*1000, *told.Burst
	} else {
		if told.Resets != nil {
			kind = *told.Resets
			isSound = isSound && contains([]string{"hourly", "daily", "weekly", "monthly"}, kind)
		}
		if told.Anchor != nil {
			kind += "@" + strconv.FormatInt(told.Anchor.UnixMilli(), 10)
		}
		if told.Overdraft != nil {
			// It bounds no call, but units of a limit with another one are of another limit.
			read.burst = *told.Overdraft
		} else {
			read.burst = -1
		}
	}
	read.counterID = owner + "/" + told.ID + "/" + told.Name + "/" + kind
	return read, isSound
}

// sizeOf estimates the bytes of facts in memory, their place in the cache included.
func sizeOf(of *facts, secret *FactsSecret) int {
	size := 1_100 + 2*(len(secret.Name)+len(secret.KeyID)+len(secret.OrganizationID)) + sizeOfValue(secret.Metadata)
	for _, permission := range secret.Permissions {
		size += 48 + len(permission)
	}
	size += 24*len(of.networks) + 240*len(of.claims)
	for _, one := range of.ancestors {
		size += 160 + 24*len(one.networks)
	}
	for _, owner := range of.owners {
		size += 16 + len(owner)
	}
	return size
}

func sizeOfValue(value any) int {
	size := 16
	switch value := value.(type) {
	case string:
		size += 16 + len(value)
	case []any:
		for _, item := range value {
			size += sizeOfValue(item)
		}
	case map[string]any:
		size += 48
		for name, item := range value {
			size += 48 + len(name) + sizeOfValue(item)
		}
	}
	return size
}
