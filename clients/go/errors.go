package latchkey

import (
	"errors"
	"fmt"
	"time"
)

// Codes of the client's own. All others are the server's: docs/reference/errors.md lists them.
const (
	// CodeServerUnreachable: there was no answer.
	CodeServerUnreachable = "server_unreachable"
	// CodeTimedOut: there was no answer in time.
	CodeTimedOut = "timed_out"
	// CodeAborted: the caller ended the call, or closed the verifier.
	CodeAborted = "aborted"
	// CodeUnexpectedAnswer: what answered is no Latchkey server.
	CodeUnexpectedAnswer = "unexpected_answer"
	// CodeUnsupportedServer: the server lacks what this client needs.
	CodeUnsupportedServer = "unsupported_server"
	// CodeInvalidInput: the question is of a wrong form.
	CodeInvalidInput = "invalid_input"
)

// Error is the one error of this package: what a server refused, or why there is no answer. Find it with errors.As and tell it by
// its Code. It never holds a token.
type Error struct {
	// Code says what happened, in a word that never changes.
	Code string
	// Status is that of the HTTP answer; 0 if there was none.
	Status int
	// Detail is a sentence for people.
	Detail string
	// RequestID names this request in the log and the audit log of the server.
	RequestID string
	// RetryAfter is how long the server wants to be left alone; 0 if it does not say.
	RetryAfter time.Duration
	// Errors are the fields at fault, for invalid_input.
	Errors []FieldError
	// Rule is the one that a key would break, for policy.
	Rule  string
	cause error
}

// FieldError says what is wrong with one field.
type FieldError struct {
	// Path names the field as the wire does, such as limits[0].name.
	Path string `json:"path"`
	// Message says what is wrong with it.
	Message string `json:"message"`
}

// Error returns the detail and the code.
func (e *Error) Error() string {
	return fmt.Sprintf("latchkey: %s (%s)", e.Detail, e.Code)
}

// Unwrap returns what caused it, such as context.Canceled.
func (e *Error) Unwrap() error {
	return e.cause
}

// isAbsence tells whether an error is that of a server which is away.
func isAbsence(err error) bool {
	var of *Error
	if !errors.As(err, &of) || errors.Is(err, errTooMany) {
		return false
	}
	return of.Code == CodeServerUnreachable || of.Code == CodeTimedOut || of.Status >= 500
}

func newError(code, detail string) *Error {
	return &Error{Code: code, Detail: detail}
}

func invalidInput(path, message string) *Error {
	return &Error{Code: CodeInvalidInput, Detail: path + ": " + message, Errors: []FieldError{{path, message}}}
}
