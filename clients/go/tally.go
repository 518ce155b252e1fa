package latchkey

import (
	"crypto/rand"
	"encoding/hex"
	"sort"
	"strings"
	"time"
)

const (
	// So many counts, and kinds of calls, wait at most to be reported: what is beyond, while the server is away for long, is not kept.
	maxCounts           = 1_000_000
	maxProfiles         = 50_000
	maxProfilesOfSecret = 256
	maxListLength       = 1_000
)

// tally counts verdicts, units and uses until they are reported. The verifier's lock guards it.
type tally struct {
	// ahead is how far the server's clock is ahead of the wall's here: it decides what the hour is.
	ahead time.Duration
	// hour is the one that is counted in, which begins and ends at these instants of the wall's clock here.
	hour, begins, ends time.Time
	counts             map[countKey]*int64
	profiles           map[profileKey]*profile
	// ofSecret is how many kinds of calls a secret has.
	ofSecret map[string]int
	uses     map[string]*use
	maxUses  int
	// round is another one whenever what a slot points to is taken away.
	round uint64
}

type countKey struct {
	keyID   string
	hour    int64
	measure string
}

type profileKey struct {
	kid         string
	hour        int64
	code        string
	context     CallContext
	permissions string
	isRest      bool
}

type profile struct {
	calls int64
	last  time.Time
}

type use struct {
	at      time.Time
	context CallContext
}

// slot is where calls of a secret are counted that are like the one before: those cost a comparison.
type slot struct {
	round       uint64
	context     CallContext
	permissions []string
	valid       *int64
	profile     *profile
	use         *use
}

func newTally(maxUses int) *tally {
	t := &tally{maxUses: maxUses}
	t.clear()
	return t
}

func (t *tally) clear() {
	t.counts, t.profiles = map[countKey]*int64{}, map[profileKey]*profile{}
	t.ofSecret, t.uses = map[string]int{}, map[string]*use{}
	t.round++
}

// setAhead learns how far the server's clock is ahead.
func (t *tally) setAhead(ahead time.Duration) {
	t.ahead = ahead
	t.begins, t.ends = time.Time{}, time.Time{}
}

func (t *tally) enter(now time.Time) {
	if !t.begins.IsZero() && now.Before(t.ends) && !now.Before(t.begins) {
		return
	}
	t.hour = now.Add(t.ahead).UTC().Truncate(time.Hour)
	t.begins = t.hour.Add(-t.ahead)
	t.ends = t.begins.Add(time.Hour)
	t.round++
}

// countUnknown counts a token of no key.
func (t *tally) countUnknown(code string, now time.Time) {
	t.enter(now)
	*t.count("", code)++
}

// add counts a verdict on a token of a key, and what it has drawn. The slot is that of the secret, if it is remembered.
func (t *tally) add(of *facts, kid string, verdict *Verdict, question *Question, drawn []claim, now time.Time, at *slot) {
	if verdict.Code == CodeNotFound {
		t.countUnknown(CodeNotFound, now)
		return
	}
	t.enter(now)
	for i := range drawn {
		if drawn[i].cost > 0 {
			*t.count(of.keyID, drawn[i].limit.measure) += drawn[i].cost
		}
	}
	if verdict.Valid && at != nil {
		if at.round != t.round || at.context != question.Context || !areSame(at.permissions, question.Permissions) {
			at.round, at.context, at.permissions = t.round, question.Context, append([]string(nil), question.Permissions...)
			at.valid, at.profile, at.use = t.count(of.keyID, CodeValid), t.profile(kid, CodeValid, question), t.useOf(kid)
		}
		*at.valid++
		at.profile.add(now)
		at.use.add(now, &question.Context)
		return
	}
	*t.count(of.keyID, verdict.Code)++
	t.profile(kid, verdict.Code, question).add(now)
	if verdict.Valid {
		t.useOf(kid).add(now, &question.Context)
	}
}

func (p *profile) add(now time.Time) {
	p.calls++
	if now.After(p.last) {
		p.last = now
	}
}

func (u *use) add(now time.Time, context *CallContext) {
	if now.After(u.at) {
		u.at, u.context = now, *context
	}
}

func (t *tally) count(keyID, measure string) *int64 {
	at := countKey{keyID, t.hour.Unix(), measure}
	found := t.counts[at]
	if found == nil {
		found = new(int64)
		if len(t.counts) < maxCounts {
			t.counts[at] = found
		}
	}
	return found
}

// profile finds where calls of these circumstances are counted; with the rest if there is no room for more.
func (t *tally) profile(kid, code string, question *Question) *profile {
	at := profileKey{kid: kid, hour: t.hour.Unix(), code: code, context: question.Context, permissions: listOf(question.Permissions)}
	found := t.profiles[at]
	if found != nil {
		return found
	}
	if t.ofSecret[kid] >= maxProfilesOfSecret || len(t.profiles) >= maxProfiles || len(at.permissions) > maxListLength {
		at = profileKey{kid: kid, hour: at.hour, code: code, isRest: true}
		if found = t.profiles[at]; found != nil {
			return found
		}
	}
	found = &profile{}
	// The rest of each secret has a place of its own.
	if !at.isRest || len(t.profiles) < maxCounts {
		t.profiles[at] = found
	}
	t.ofSecret[kid]++
	return found
}

func (t *tally) useOf(kid string) *use {
	found := t.uses[kid]
	if found == nil {
		found = &use{}
		// With the server away for long, the oldest secrets are reported and the newest are not.
		if len(t.uses) < t.maxUses {
			t.uses[kid] = found
		}
	}
	return found
}

// listOf writes permissions in ascending order, each once, with spaces between.
func listOf(permissions []string) string {
	if len(permissions) < 2 {
		return strings.Join(permissions, " ")
	}
	sorted := append([]string(nil), permissions...)
	sort.Strings(sorted)
	once := sorted[:1]
	for _, permission := range sorted[1:] {
		if permission != once[len(once)-1] {
			once = append(once, permission)
		}
	}
	return strings.Join(once, " ")
}

func areSame(some, others []string) bool {
	if len(some) != len(others) {
		return false
	}
	for i := range some {
		if some[i] != others[i] {
			return false
		}
	}
	return true
}

// collect takes all that was counted, in reports of bounded length.
func (t *tally) collect(source string, number *int64) []UsageReport {
	counts := []ReportedCount{}
	for at, amount := range t.counts {
		if *amount == 0 {
			continue
		}
		count := ReportedCount{Start: time.Unix(at.hour, 0).UTC(), Measure: at.measure, Amount: *amount}
		if at.keyID != "" {
			count.KeyID = Ptr(at.keyID)
		}
		counts = append(counts, count)
	}
	profiles := []ReportedProfile{}
	for at, of := range t.profiles {
		told := ReportedProfile{
			Kid: at.kid, Start: time.Unix(at.hour, 0).UTC(), Code: at.code, Permissions: []string{}, IsRest: at.isRest,
			Calls: of.calls, Last: of.last.UTC().Truncate(time.Millisecond), Context: contextOrNil(at.context),
		}
		if at.permissions != "" {
			told.Permissions = strings.Split(at.permissions, " ")
		}
		profiles = append(profiles, told)
	}
	uses := []Use{}
	for kid, of := range t.uses {
		uses = append(uses, Use{Kid: kid, At: of.at.UTC().Truncate(time.Millisecond), Context: contextOrNil(of.context)})
	}
	t.clear()
	var reports []UsageReport
	for len(counts)+len(profiles)+len(uses) > 0 {
		*number++
		report := UsageReport{Source: source, Number: *number}
		report.Counts, counts = split(counts, maxReportRows)
		report.Profiles, profiles = split(profiles, maxReportProfiles)
		report.Uses, uses = split(uses, maxReportRows)
		reports = append(reports, report)
	}
	return reports
}

const (
	maxReportRows     = 500
	maxReportProfiles = 100
)

func split[Item any](items []Item, most int) (some, rest []Item) {
	most = min(most, len(items))
	return items[:most:most], items[most:]
}

func contextOrNil(of CallContext) *CallContext {
	if of == (CallContext{}) {
		return nil
	}
	return &of
}

func randomName() string {
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		panic("latchkey: there are no random bytes: " + err.Error())
	}
	return hex.EncodeToString(random)
}
