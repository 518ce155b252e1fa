// Command measure is the Go part of bench/clients.ts, which says what it reads and prints.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"syscall"
	"time"

	latchkey "github.com/latchkey-dev/latchkey/clients/go"
)

type order struct {
	URL, Token, Root string
	Tokens           []string
	Limited          string
	Revoked          []struct{ ID, Token string }
	Permission       string
	Seconds          float64
}

func main() {
	found, err := measure()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	json.NewEncoder(os.Stdout).Encode(found)
}

func measure() (map[string]any, error) {
	var given order
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &given); err != nil {
		return nil, err
	}
	ctx := context.Background()
	verifier, err := latchkey.NewVerifier(latchkey.VerifierOptions{URL: given.URL, Token: given.Token})
	if err != nil {
		return nil, err
	}
	defer verifier.Close()
	client, err := latchkey.New(latchkey.Options{URL: given.URL, Token: given.Root})
	if err != nil {
		return nil, err
	}
	if err := verifier.Ready(ctx); err != nil {
		return nil, err
	}
	found := map[string]any{}
	for _, part := range []struct {
		name     string
		tokens   []string
		question latchkey.Question
	}{
		{"plain", given.Tokens, latchkey.Question{}},
		{"permissions", given.Tokens, latchkey.Question{Permissions: []string{given.Permission}}},
		{"limits", []string{given.Limited}, latchkey.Question{}},
	} {
		rate, err := rateOf(ctx, verifier, part.tokens, part.question, given.Seconds)
		if err != nil {
			return nil, err
		}
		found[part.name] = rate
	}
	lasts := []float64{}
	for _, key := range given.Revoked {
		last, err := lastAccept(ctx, verifier, client, key.ID, key.Token)
		if err != nil {
			return nil, err
		}
		lasts = append(lasts, last)
	}
	found["last_accept_ms"] = lasts
	return found, nil
}

// rateOf is how many verifications fit into a second of this process's own processor time.
func rateOf(ctx context.Context, verifier *latchkey.Verifier, tokens []string, question latchkey.Question, seconds float64) (float64, error) {
	verify := func(token string) error {
		verdict, err := verifier.Verify(ctx, token, question)
		if err == nil && !verdict.Valid {
			err = fmt.Errorf("a key is refused: %s", verdict.Code)
		}
		return err
	}
	// Warm.
	for round := 0; round < 3; round++ {
		for _, token := range tokens {
			if err := verify(token); err != nil {
				return 0, err
			}
		}
	}
	count, begun := 0, processorTime()
	for processorTime()-begun < seconds {
		for i := 0; i < 1_000; i++ {
			if err := verify(tokens[count%len(tokens)]); err != nil {
				return 0, err
			}
			count++
		}
	}
	return float64(count) / (processorTime() - begun), nil
}

func processorTime() float64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e9
}

// lastAccept is how many milliseconds after an acknowledged revocation the last verdict was valid.
func lastAccept(ctx context.Context, verifier *latchkey.Verifier, client *latchkey.Client, id, token string) (float64, error) {
	if _, err := verifier.Verify(ctx, token, latchkey.Question{}); err != nil {
		return 0, err
	}
	if _, err := client.Keys.Revoke(ctx, id); err != nil {
		return 0, err
	}
	acknowledged := time.Now()
	for last := acknowledged; ; time.Sleep(time.Millisecond) {
		verdict, err := verifier.Verify(ctx, token, latchkey.Question{})
		if err != nil {
			return 0, err
		}
		if !verdict.Valid {
			return float64(last.Sub(acknowledged).Microseconds()) / 1_000, nil
		}
		last = time.Now()
	}
}
