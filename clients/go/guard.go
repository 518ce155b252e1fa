package latchkey

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// TokenVerifier judges tokens: a *Verifier, or a *Client.
type TokenVerifier interface {
	Verify(ctx context.Context, token string, question Question) (Verdict, error)
}

// Where HTTP Basic may hold a token, for GuardOptions.
const (
	// BasicPassword takes the password as the token.
	BasicPassword = "password"
	// BasicUserName takes the user name too, if the password is empty. Many logs hold user names.
	BasicUserName = "user-name"
)

// GuardOptions are what a guard asks of the requests that it lets through.
type GuardOptions struct {
	// Verifier judges the tokens.
	Verifier TokenVerifier
	// Permissions are all required; PermissionsOf are those of one request, in their place.
	Permissions   []string
	PermissionsOf func(*http.Request) []string
	// Prefix is the one that tokens must have, such as re_live; any if "".
	Prefix string
	// Cost is how many units a request draws; CostOf, how many one request draws, in its place. If both are nil, each limit's own
	// default. A request draws once: behind a guard that has drawn, a guard without a cost draws nothing, and one with a cost
	// answers 500, unless the first guard's cost is 0.
	Cost   *Cost
	CostOf func(*http.Request) *Cost
	// ReserveSeconds reserves the cost for so long: the verdict has a Reservation to settle. It takes a cost.
	ReserveSeconds int64
	// BasicAuth takes tokens of HTTP Basic too: BasicPassword or BasicUserName. Only Bearer and X-Api-Key if "".
	BasicAuth string
	// ClientIP tells from where a request comes; the connection's other end if nil. Behind a proxy, read the header that it sets.
	ClientIP func(*http.Request) string
	// OnError hears of each request that was answered 503 because nobody could judge, and 500. If nil, the guard logs the first of
	// each minute by slog. It gets no token.
	OnError func(*http.Request, error)
}

type guard struct {
	GuardOptions
	reportedAt atomic.Int64
}

// NewGuard makes middleware of net/http that lets through requests with a valid key that holds the permissions. Handlers find the key
// by KeyOf. Others are answered 401, 402, 403 or 429, and 503 if nobody could judge. The error is an *Error for options of a wrong form.
func NewGuard(options GuardOptions) (func(http.Handler) http.Handler, error) {
	if options.Verifier == nil {
		return nil, invalidInput("verifier", "Must judge tokens.")
	}
	if fault := permissionsFault(options.Permissions); fault != nil {
		return nil, fault
	}
	hasCost := options.Cost != nil || options.CostOf != nil
	if options.ReserveSeconds != 0 && !hasCost {
		return nil, invalidInput("reserve_seconds", "Needs a cost, which is what it reserves.")
	}
	question := Question{Cost: options.Cost, Prefix: options.Prefix, ReserveSeconds: options.ReserveSeconds}
	if fault := question.fault(); fault != nil {
		return nil, fault
	}
	if options.BasicAuth != "" && options.BasicAuth != BasicPassword && options.BasicAuth != BasicUserName {
		return nil, invalidInput("basic_auth", "Must be password or user-name.")
	}
	g := &guard{GuardOptions: options}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			admitted, refused := g.admit(r)
			if refused != nil {
				refused.write(w)
				return
			}
			for name, value := range rateLimitHeaders(&admitted.verdict, time.Now()) {
				w.Header().Set(name, value)
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), admittedName{}, admitted)))
		})
	}, nil
}

type admittedName struct{}

// admitted is what became of a request before: with whose key, and whether it has drawn.
type admitted struct {
	verdict  Verdict
	hasDrawn bool
}

// KeyOf returns the verdict with which a guard let a request through; false if there is no guard before.
func KeyOf(ctx context.Context) (Verdict, bool) {
	found, ok := ctx.Value(admittedName{}).(*admitted)
	if !ok {
		return Verdict{}, false
	}
	return found.verdict, true
}

// longestPresented is the length of the longest token, with a secret-token: before it.
const longestPresented = len(tokenScheme) + mostForeign

func (g *guard) admit(r *http.Request) (*admitted, *refusal) {
	wanted := g.Permissions
	if g.PermissionsOf != nil {
		wanted = g.PermissionsOf(r)
	}
	// What is made of a request is its sender's own text: it may be none that a key can hold, such as a long path.
	isAskable := permissionsFault(wanted) == nil
	token, isThere := readPresented(r.Header, g.BasicAuth)
	if !isThere {
		return nil, refuse(401, "missing_token", "Missing token", "Send a token as Authorization: Bearer <token> or as X-Api-Key: <token>.").
			challenge(challengeOf("Bearer", g.BasicAuth))
	}
	// Two different ones, an empty one, or one that is too long for any: not worth a request.
	if token == "" || len(token) > longestPresented {
		return nil, g.refuseToken()
	}
	before, _ := r.Context().Value(admittedName{}).(*admitted)
	hasDrawn := before != nil && before.hasDrawn
	cost := g.Cost
	if g.CostOf != nil {
		cost = g.CostOf(r)
	}
	if hasDrawn && (g.Cost != nil || g.CostOf != nil) {
		g.report(r, newError("internal", "An earlier guard of this request has drawn from the limits of its key already. Give the "+
			"earlier guard a cost of 0, or leave the cost out here."))
		return nil, refuse(500, "internal", "Internal error", "The request was not handled.")
	}
	if cost.fault() != nil {
		return nil, refuse(422, CodeInvalidInput, "Invalid input", "This request costs a number of units that no limit can count.")
	}
	question := Question{Prefix: g.Prefix, Cost: cost, Context: contextOf(r, g.clientIP(r))}
	if isAskable {
		question.Permissions = wanted
	}
	// What no key can be let through with draws nothing.
	if hasDrawn || !isAskable {
		question.Cost = Units(0)
	} else if cost != nil && !cost.isNothing() {
		question.ReserveSeconds = g.ReserveSeconds
	}
	verdict, err := g.Verifier.Verify(r.Context(), token, question)
	if err != nil {
		// No verdict: neither yes nor no. Who asked may ask again, and does not come through.
		g.report(r, err)
		unavailable := refuse(503, "store_unavailable", "Database unavailable", "The token cannot be verified now. Try again.")
		unavailable.headers["Retry-After"] = "1"
		return nil, unavailable
	}
	switch {
	case verdict.Valid && !isAskable:
		return nil, refuse(403, "missing_permission", "Missing permission", "This request requires a permission that no key can hold.").
			challenge(`Bearer error="insufficient_scope"`)
	case verdict.Valid:
		isLook := question.Cost != nil && question.Cost.byName == nil && question.Cost.units == 0
		return &admitted{verdict, hasDrawn || !isLook}, nil
	case verdict.Code == CodeInsufficientPermissions:
		scope := strings.Join(wanted, " ")
		return nil, refuse(403, "missing_permission", "Missing permission", "This request requires a key that holds "+scope+".").
			challenge(`Bearer error="insufficient_scope", scope="` + scope + `"`)
	case verdict.Code == CodeRateLimited || verdict.Code == CodeQuotaExceeded:
		return nil, refuseExceeded(&verdict, time.Now())
	}
	return nil, g.refuseToken()
}

// refuseToken is one answer for all tokens that open nothing, so that nobody learns which once opened something.
func (g *guard) refuseToken() *refusal {
	return refuse(401, "invalid_token", "Invalid token", "The token is unknown, expired or revoked.").
		challenge(challengeOf(`Bearer error="invalid_token"`, g.BasicAuth))
}

func challengeOf(bearer, basic string) string {
	if basic == "" {
		return bearer
	}
	return bearer + `, Basic realm="Latchkey", charset="UTF-8"`
}

func (g *guard) clientIP(r *http.Request) string {
	if g.ClientIP != nil {
		return g.ClientIP(r)
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	return host
}

func (g *guard) report(r *http.Request, err error) {
	if g.OnError != nil {
		g.OnError(r, err)
		return
	}
	now := time.Now().Unix()
	if before := g.reportedAt.Load(); now-before >= 60 && g.reportedAt.CompareAndSwap(before, now) {
		slog.Error("Latchkey could not verify a key, and the request was not let through.", "error", redactTokens(err.Error()))
	}
}

// refusal is an answer to a request that is not let through: a problem (RFC 9457).
type refusal struct {
	status              int
	code, title, detail string
	headers             map[string]string
}

func refuse(status int, code, title, detail string) *refusal {
	return &refusal{status, code, title, detail, map[string]string{}}
}

func (r *refusal) challenge(challenge string) *refusal {
	r.headers["WWW-Authenticate"] = challenge
	return r
}

func (r *refusal) write(w http.ResponseWriter) {
	headers := w.Header()
	headers.Set("Content-Type", "application/problem+json")
	headers.Set("Cache-Control", "no-store")
	for name, value := range r.headers {
		headers.Set(name, value)
	}
	w.WriteHeader(r.status)
	json.NewEncoder(w).Encode(struct {
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
		Code   string `json:"code"`
	}{"urn:latchkey:error:" + r.code, r.title, r.status, r.detail, r.code})
}

// refuseExceeded answers 429 with how long to wait, or 402 if waiting does not help: clients repeat a 429 for days.
func refuseExceeded(verdict *Verdict, now time.Time) *refusal {
	owners := map[string]string{"key": "key", "organization": "organization", "ancestor": "key that created this key"}
	names := make([]string, len(verdict.Exceeded))
	for i, limit := range verdict.Exceeded {
		names[i] = limit.Name + " of the " + owners[limit.Scope]
	}
	what, has := "The limit ", " has"
	if len(names) != 1 {
		what, has = "The limits ", " have"
	}
	what += listInWords(names) + has + " too few units for this request"
	title := "Rate limited"
	if verdict.Code == CodeQuotaExceeded {
		title = "Quota exceeded"
	}
	refused := refuse(402, verdict.Code, title, what+", and waiting gives no more.")
	if verdict.RetryAfterMs != nil {
		refused.status = 429
		refused.detail = fmt.Sprintf("%s now. Try again in %d s.", what, secondsOf(*verdict.RetryAfterMs))
	}
	refused.headers = rateLimitHeaders(verdict, now)
	return refused
}

func listInWords(names []string) string {
	switch len(names) {
	case 0, 1:
		return strings.Join(names, "")
	case 2:
		return names[0] + " and " + names[1]
	}
	return strings.Join(names[:len(names)-1], ", ") + ", and " + names[len(names)-1]
}

func secondsOf(ms int64) int64 {
	return max(1, (ms+999)/1000)
}

// The largest integer of a structured field (RFC 9651, section 3.3.1).
const maxInteger = 999_999_999_999_999

// rateLimitHeaders are those of draft-ietf-httpapi-ratelimit-headers, and Retry-After; none if no limits apply.
func rateLimitHeaders(verdict *Verdict, now time.Time) map[string]string {
	headers := map[string]string{}
	if len(verdict.Limits) == 0 {
		return headers
	}
	policies, lefts := make([]string, len(verdict.Limits)), make([]string, len(verdict.Limits))
	for i := range verdict.Limits {
		limit := &verdict.Limits[i]
		name := strconv.Quote(nameOfLimit(limit, verdict.Limits))
		policies[i] = name + ";q=" + strconv.FormatInt(limit.Limit, 10)
		if limit.WindowSeconds != nil {
			policies[i] += ";w=" + strconv.FormatInt(*limit.WindowSeconds, 10)
		}
		lefts[i] = name + ";r=" + strconv.FormatInt(min(limit.Remaining, maxInteger), 10)
		if limit.ResetsAt != nil {
			seconds := math.Ceil(limit.ResetsAt.Sub(now).Seconds())
			lefts[i] += ";t=" + strconv.FormatInt(int64(max(0, seconds)), 10)
		}
	}
	headers["RateLimit-Policy"] = strings.Join(policies, ", ")
	headers["RateLimit"] = strings.Join(lefts, ", ")
	if !verdict.Valid && verdict.RetryAfterMs != nil {
		headers["Retry-After"] = strconv.FormatInt(secondsOf(*verdict.RetryAfterMs), 10)
	}
	return headers
}

// nameOfLimit names one of another owner with whose it is, if that has the same name.
func nameOfLimit(limit *VerdictLimit, all []VerdictLimit) string {
	if limit.Scope == "key" {
		return limit.Name
	}
	for i := range all {
		if other := &all[i]; other != limit && other.Name == limit.Name {
			return limit.Scope + "/" + limit.Name
		}
	}
	return limit.Name
}

// readPresented reads the token of a request, and false if it presents none. One that presents two different ones presents none that
// can be judged, which is "": nobody knows which of them the API behind will believe.
func readPresented(headers http.Header, basic string) (string, bool) {
	token, isThere := "", false
	if values := headers.Values("Authorization"); len(values) > 0 {
		authorization := strings.Join(values, ", ")
		token, isThere = readBearer(authorization)
		if !isThere && basic != "" {
			token, isThere = readBasic(authorization, basic)
		}
	}
	values := headers.Values("X-Api-Key")
	if len(values) == 0 {
		return token, isThere
	}
	key := strings.Join(values, ", ")
	if isThere && key != token {
		return "", true
	}
	return key, true
}

func readBearer(authorization string) (string, bool) {
	const scheme = "bearer "
	if len(authorization) < len(scheme) || !strings.EqualFold(authorization[:len(scheme)], scheme) {
		return "", false
	}
	return strings.TrimLeft(authorization[len(scheme):], " "), true
}

// readBasic reads RFC 7617. What cannot be read, or has a colon in its token, is "", which is no token.
func readBasic(authorization, part string) (string, bool) {
	scheme, rest, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "basic") {
		return "", false
	}
	text, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(rest), "="))
	if err != nil {
		return "", true
	}
	user, password, ok := strings.Cut(string(text), ":")
	token := password
	if password == "" && part == BasicUserName {
		token = user
	}
	// Programs do not agree on which colon ends the user name, so none may be part of a token.
	if !ok || strings.Contains(token, ":") {
		return "", true
	}
	return token, true
}

// contextOf is what a request tells of its call: cut and cleaned, since it is its sender's own text.
func contextOf(r *http.Request, ip string) CallContext {
	target := r.RequestURI
	if target == "" {
		target = r.URL.RequestURI()
	}
	of := CallContext{UserAgent: clean(r.UserAgent(), maxUserAgentLength), Operation: operationOf(r.Method, target)}
	if address, err := netip.ParseAddr(ip); err == nil && address.Zone() == "" {
		of.IP = ip
	}
	return of
}

const longestSegment = 24

// operationOf is the method and the path, in which * stands for what differs from call to call.
func operationOf(method, target string) string {
	if method == "" {
		method = http.MethodGet
	}
	path := target
	if scheme, rest, ok := strings.Cut(target, "://"); ok && !strings.Contains(scheme, "/") {
		path = ""
		if at := strings.IndexAny(rest, "/?#"); at >= 0 {
			path = rest[at:]
		}
	}
	if at := strings.IndexAny(path, "?#"); at >= 0 {
		path = path[:at]
	}
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		if len(segment) > longestSegment || isNumber(segment) {
			segments[i] = "*"
		}
	}
	path = strings.Join(segments, "/")
	if path == "" {
		path = "/"
	}
	return clean(method+" "+path, maxOperationLength)
}

func isNumber(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// clean leaves out control characters and tokens, and all beyond so many characters.
func clean(text string, longest int) string {
	if len(text) > 4*longest {
		text = text[:4*longest]
	}
	var sound strings.Builder
	isControl := false
	for _, letter := range strings.ToValidUTF8(text, "\uFFFD") {
		if letter < 0x20 || (letter >= 0x7f && letter <= 0x9f) {
			isControl = true
			continue
		}
		if isControl {
			sound.WriteByte(' ')
			isControl = false
		}
		sound.WriteRune(letter)
	}
	letters := []rune(redactTokens(sound.String()))
	return strings.TrimSpace(string(letters[:min(len(letters), longest)]))
}
