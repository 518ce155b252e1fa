// main.go
package main

import (
	"context"
	"encoding/json"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	latchkey "github.com/latchkey-dev/latchkey/clients/go"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

func run() error {
	verifier, err := latchkey.NewVerifier(latchkey.VerifierOptions{URL: os.Getenv("LATCHKEY_URL"), Token: os.Getenv("LATCHKEY_KEY")})
	if err != nil {
		return err
	}
	defer verifier.Close()
	mayRead, err := latchkey.NewGuard(latchkey.GuardOptions{Verifier: verifier, Permissions: []string{"emails:read"}})
	if err != nil {
		return err
	}
	maySend, err := latchkey.NewGuard(latchkey.GuardOptions{Verifier: verifier, Permissions: []string{"emails:send"}, Cost: latchkey.Units(10)})
	if err != nil {
		return err
	}

	mux := http.NewServeMux()
	mux.Handle("GET /api/emails", mayRead(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, _ := latchkey.KeyOf(r.Context())
		answer(w, http.StatusOK, map[string]string{"emailsOf": key.OrganizationID})
	})))
	mux.Handle("POST /api/emails", maySend(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, _ := latchkey.KeyOf(r.Context())
		answer(w, http.StatusAccepted, map[string]string{"sentBy": key.Name})
	})))

	port := os.Getenv("PORT")
	if port == "" {
		port = "3000"
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		return err
	}
	log.Printf("serves http://%s", listener.Addr())
	server := &http.Server{Handler: mux}
	stopped, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(stopped, func() { server.Shutdown(context.Background()) })
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
