package latchkey

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxUserAgentLength = 256
	maxOperationLength = 256
)

// contextFault checks what a program says of a call: that must be right. What comes in the headers of a request is cut to fit.
func contextFault(of *CallContext) *Error {
	if of.IP != "" {
		if _, ok := readAddressOf(of.IP); !ok {
			return invalidInput("context.ip", "Must be an IPv4 or IPv6 address.")
		}
	}
	if message := textFault(of.UserAgent, maxUserAgentLength); message != "" {
		return invalidInput("context.user_agent", message)
	}
	if message := textFault(of.Operation, maxOperationLength); message != "" {
		return invalidInput("context.operation", message)
	}
	if strings.Contains(of.Operation, "?") {
		return invalidInput("context.operation", "Must not contain a query.")
	}
	return nil
}

func textFault(text string, longest int) string {
	if text == "" {
		return ""
	}
	if len(text) > longest && utf8.RuneCountInString(text) > longest {
		return "Must be a string of 1 to 256 characters."
	}
	if !utf8.ValidString(text) || strings.IndexFunc(text, unicode.IsControl) >= 0 {
		return "Must not contain control characters or broken Unicode."
	}
	if containsToken(text) {
		return "Must not contain a token."
	}
	return ""
}

// How much of a token must stand in a text: its kid and 12 characters of its secret.
const tokenPart = kidLength + 12

// containsToken tells whether a text holds something of a token's form, also if that lacks its end.
func containsToken(text string) bool {
	for i := 2; i+tokenPart <= len(text); i++ {
		if text[i-1] != '_' || !isPrefixEnd(text[i-2]) {
			continue
		}
		end, hasUpper, hasLower := i, false, false
		for ; end < len(text) && isBase62(text[end]); end++ {
			hasUpper = hasUpper || (text[end] >= 'A' && text[end] <= 'Z')
			hasLower = hasLower || (text[end] >= 'a' && text[end] <= 'z')
		}
		if end-i >= bodyLength || (end-i >= tokenPart && hasUpper && hasLower) {
			return true
		}
	}
	return false
}
