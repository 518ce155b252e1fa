// Package latchkey calls a Latchkey server, and verifies API keys in your own process.
//
// [New] makes a [Client], which has every call of the API. [NewVerifier] makes a [Verifier], which judges tokens from memory: as
// fresh as the server itself to within two seconds, whatever fails, with the limits of keys held exactly. [NewGuard] puts either
// before the handlers of net/http.
//
// A refused token is an answer and no error: look at Verdict.Valid. An error says that nobody could judge.
package latchkey
