package latchkey

import (
	"hash/crc32"
	"strings"
)

// The form of a token: <prefix>_<kid><secret><check>. See docs/explain/security.md.

const (
	kidLength     = 16
	bodyLength    = 65
	checkLength   = 6
	longestPrefix = 24
	tokenScheme   = "secret-token:"
	base62        = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	// Tokens of other systems are so long.
	leastForeign = 16
	mostForeign  = 512
)

// presented is a token taken apart. The kid of another system's token is not in it: "".
type presented struct {
	token string
	kid   string
}

// withoutScheme leaves out a secret-token: before a token (RFC 8959).
func withoutScheme(token string) string {
	return strings.TrimPrefix(token, tokenScheme)
}

// parseToken takes a token of Latchkey's apart, and returns false for a wrong form or check.
func parseToken(input string) (presented, bool) {
	token := withoutScheme(input)
	if !isOwnForm(token) || !checkMatches(token) {
		return presented{}, false
	}
	return presented{token: token, kid: kidOf(token)}, true
}

// parsePresented takes a token of Latchkey's or of another system's apart.
func parsePresented(input string, acceptsForeign bool) (presented, bool) {
	if parsed, ok := parseToken(input); ok {
		return parsed, true
	}
	token := withoutScheme(input)
	if acceptsForeign && isForeignForm(token) {
		return presented{token: token}, true
	}
	return presented{}, false
}

// kidOf returns the kid of a text with the form of a token of Latchkey's.
func kidOf(token string) string {
	start := len(token) - bodyLength
	return token[start : start+kidLength]
}

func isOwnForm(token string) bool {
	start := len(token) - bodyLength
	// Cheap refusals first: a megabyte of rubbish costs no more than its length.
	if start < 2 || start > longestPrefix+1 || token[start-1] != '_' {
		return false
	}
	for i := start; i < len(token); i++ {
		if !isBase62(token[i]) {
			return false
		}
	}
	return isPrefix(token[:start-1])
}

// isPrefix tells whether a text matches [a-z][a-z0-9]*(_[a-z0-9]+)*.
func isPrefix(prefix string) bool {
	if prefix == "" || len(prefix) > longestPrefix || prefix[0] < 'a' || prefix[0] > 'z' {
		return false
	}
	for i := 1; i < len(prefix); i++ {
		c := prefix[i]
		isWord := (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
		if !isWord && (c != '_' || prefix[i-1] == '_' || i == len(prefix)-1) {
			return false
		}
	}
	return true
}

func isForeignForm(token string) bool {
	if len(token) < leastForeign || len(token) > mostForeign {
		return false
	}
	for i := 0; i < len(token); i++ {
		if token[i] <= 0x20 || token[i] >= 0x7f {
			return false
		}
	}
	return !strings.HasPrefix(token, tokenScheme) && !isOwnForm(token)
}

func hasPrefix(token, prefix string) bool {
	token = withoutScheme(token)
	return len(token) == len(prefix)+1+bodyLength && strings.HasPrefix(token, prefix) && token[len(prefix)] == '_'
}

func isBase62(c byte) bool {
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
}

func checkMatches(token string) bool {
	start := len(token) - checkLength
	rest := crc32.ChecksumIEEE([]byte(token[:start]))
	for i := len(token) - 1; i >= start; i-- {
		if token[i] != base62[rest%62] {
			return false
		}
		rest /= 62
	}
	return rest == 0
}

// redactTokens cuts each thing of a token's form in a text down to its kid.
func redactTokens(text string) string {
	var cut strings.Builder
	for i := 0; i < len(text); {
		run := 0
		for i+run < len(text) && isBase62(text[i+run]) {
			run++
		}
		isBody := run > kidLength && i >= 2 && text[i-1] == '_' && isPrefixEnd(text[i-2])
		switch {
		case isBody:
			cut.WriteString(text[i : i+kidLength])
			cut.WriteString("…")
			i += run
		case run > 0:
			cut.WriteString(text[i : i+run])
			i += run
		default:
			cut.WriteByte(text[i])
			i++
		}
	}
	return cut.String()
}

func isPrefixEnd(c byte) bool {
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
}
