// Makes vectors.json, by the Go project's own packages: `go run . > vectors.json`, golang.org/x/mod being 0.43.0.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type store []tlog.Hash

func (s *store) ReadHashes(idx []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(idx))
	for i, x := range idx {
		out[i] = (*s)[x]
	}
	return out, nil
}
func b(h []byte) string { return base64.StdEncoding.EncodeToString(h) }

type inc struct {
	Index, Size int
	Proof       []string
}
type con struct {
	Older, Size int
	Proof       []string
}

func main() {
	var s store
	type out struct {
		Roots       []string
		Inclusion   []inc
		Consistency []con
		Note        map[string]string
	}
	var o out
	const max = 70
	for i := 0; i < max; i++ {
		hs, err := tlog.StoredHashes(int64(i), []byte(fmt.Sprintf("leaf %d", i)), &s)
		if err != nil {
			panic(err)
		}
		s = append(s, hs...)
		th, err := tlog.TreeHash(int64(i+1), &s)
		if err != nil {
			panic(err)
		}
		o.Roots = append(o.Roots, b(th[:]))
	}
	for _, n := range []int{1, 2, 3, 7, 8, 13, 64, 65, 70} {
		for m := 0; m < n; m += 1 + m/3 {
			p, err := tlog.ProveRecord(int64(n), int64(m), &s)
			if err != nil {
				panic(err)
			}
			q := []string{}
			for _, h := range p {
				q = append(q, b(h[:]))
			}
			o.Inclusion = append(o.Inclusion, inc{m, n, q})
		}
		for m := 1; m <= n; m += 1 + m/3 {
			p, err := tlog.ProveTree(int64(n), int64(m), &s)
			if err != nil {
				panic(err)
			}
			q := []string{}
			for _, h := range p {
				q = append(q, b(h[:]))
			}
			o.Consistency = append(o.Consistency, con{m, n, q})
		}
	}
	seed := sha256.Sum256([]byte("latchkey"))
	// The signer's key as the package writes it: its algorithm and seed.
	name := "latchkey.example/log"
	vkey, err := note.NewEd25519VerifierKey(name, ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey))
	if err != nil {
		panic(err)
	}
	v, err := note.NewVerifier(vkey)
	if err != nil {
		panic(err)
	}
	skey := fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", name, v.KeyHash(), b(append([]byte{1}, seed[:]...)))
	signer, err := note.NewSigner(skey)
	if err != nil {
		panic(err)
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", name, max, o.Roots[max-1])
	msg, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		panic(err)
	}
	o.Note = map[string]string{"name": name, "seed": b(seed[:]), "verifierKey": vkey, "note": string(msg)}
	json.NewEncoder(os.Stdout).Encode(o)
}
