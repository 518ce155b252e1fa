package latchkey_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	latchkey "github.com/latchkey-dev/latchkey/clients/go"
)

// The programs of docs/guides/go.md: what stands there between its fences stands here, and runs.

func manage(ctx context.Context) error {
	client, err := latchkey.New(latchkey.Options{URL: os.Getenv("LATCHKEY_URL"), Token: os.Getenv("LATCHKEY_KEY")})
	if err != nil {
		return err
	}
	defer client.Close()
	if _, err := client.Organizations.Create(ctx, latchkey.CreateOrganization{ID: "acme", Name: "Acme"}); err != nil {
		return err
	}
	created, err := client.Keys.Create(ctx, latchkey.CreateKey{
		OrganizationID: "acme",
		Name:           "CI",
		Permissions:    []string{"emails:send"},
		ExpiresAt:      latchkey.Set(time.Now().AddDate(1, 0, 0)),
		Limits:         []latchkey.Limit{{Name: "requests", Limit: 100, WindowSeconds: latchkey.Ptr(int64(60))}},
	})
	if err != nil {
		return err
	}
	fmt.Println(created.Key) // Shown once: store it now.

	changed, err := client.Keys.Update(ctx, created.ID, latchkey.UpdateKey{
		Name:      latchkey.Ptr("Build"),
		ExpiresAt: latchkey.Null[time.Time](), // Never expires any more.
	}, latchkey.WithIfRevision(created.Revision))
	if err != nil {
		return err
	}
	fmt.Println(changed.Name, changed.Permissions)

	_, err = client.Keys.Revoke(ctx, created.ID, latchkey.WithReason("superseded"), latchkey.WithWait())
	return err
}

func list(ctx context.Context, client *latchkey.Client) error {
	page, err := client.Keys.List(ctx, latchkey.ListKeysQuery{OrganizationID: "acme", Status: "all", Limit: 100})
	if err != nil {
		return err
	}
	fmt.Println(len(page.Items), page.Next)

	// With Go 1.23 or later: for key, err := range client.Keys.All(ctx, query) { … }
	client.Keys.All(ctx, latchkey.ListKeysQuery{Status: "all"})(func(key latchkey.Key, problem error) bool {
		err = problem
		fmt.Println(key.ID, key.Status)
		return problem == nil
	})
	return err
}

func explain(ctx context.Context, client *latchkey.Client) error {
	_, err := client.Keys.Create(ctx, latchkey.CreateKey{Name: ""})
	var refused *latchkey.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Code, refused.Status, refused.RequestID, refused.RetryAfter)
		for _, field := range refused.Errors {
			fmt.Println(field.Path, field.Message)
		}
	}
	return nil
}

func verify(ctx context.Context, token string) error {
	verifier, err := latchkey.NewVerifier(latchkey.VerifierOptions{URL: os.Getenv("LATCHKEY_URL"), Token: os.Getenv("LATCHKEY_KEY")})
	if err != nil {
		return err
	}
	defer verifier.Close()
	if err := verifier.Ready(ctx); err != nil {
		return err
	}
	verdict, err := verifier.Verify(ctx, token, latchkey.Question{Permissions: []string{"emails:send"}})
	if err != nil {
		return err // Nobody could judge: neither yes nor no.
	}
	if !verdict.Valid {
		fmt.Println("refused:", verdict.Code)
		return nil
	}
	fmt.Println("welcome", verdict.OrganizationID)
	return nil
}

func serve(verifier *latchkey.Verifier) (http.Handler, error) {
	guard, err := latchkey.NewGuard(latchkey.GuardOptions{Verifier: verifier, Permissions: []string{"emails:send"}})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/emails", guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, _ := latchkey.KeyOf(r.Context())
		fmt.Fprintln(w, "sent for", key.OrganizationID)
	})))
	return mux, nil
}

func stream(ctx context.Context, verifier *latchkey.Verifier, token string) error {
	verdict, err := verifier.Verify(ctx, token, latchkey.Question{
		Cost:           latchkey.UnitsOf(map[string]int64{"requests": 50}),
		ReserveSeconds: 600,
	})
	if err != nil || !verdict.Valid {
		return err
	}
	used := int64(14)
	_, err = verifier.Settle(context.WithoutCancel(ctx), verdict.Reservation, latchkey.UnitsOf(map[string]int64{"requests": used}))
	return err
}

func TestTheProgramsOfTheGuideRun(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	url, token := latchkey.SharedServer()
	t.Setenv("LATCHKEY_URL", url)
	t.Setenv("LATCHKEY_KEY", token)
	client, err := latchkey.New(latchkey.Options{URL: url, Token: token})
	check(t, err)
	check(t, manage(ctx))
	check(t, list(ctx, client))
	check(t, explain(ctx, client))
	created, err := client.Keys.Create(ctx, latchkey.CreateKey{
		OrganizationID: "acme", Name: "CI", Permissions: []string{"emails:send"},
		Limits: []latchkey.Limit{{Name: "requests", Limit: 100, WindowSeconds: latchkey.Ptr(int64(60))}},
	})
	check(t, err)
	check(t, verify(ctx, created.Key))
	verifier, err := latchkey.NewVerifier(latchkey.VerifierOptions{URL: url, Token: token})
	check(t, err)
	defer verifier.Close()
	check(t, stream(ctx, verifier, created.Key))
	handler, err := serve(verifier)
	check(t, err)
	server := httptest.NewServer(handler)
	defer server.Close()
	request, err := http.NewRequest("GET", server.URL+"/emails", nil)
	check(t, err)
	request.Header.Set("Authorization", "Bearer "+created.Key)
	response, err := http.DefaultClient.Do(request)
	check(t, err)
	defer response.Body.Close()
	if text, _ := io.ReadAll(response.Body); string(text) != "sent for acme\n" {
		t.Errorf("%s", text)
	}
}

func TestTheAppOfTheGuideRuns(t *testing.T) {
	program := filepath.Join(t.TempDir(), "emails")
	if printed, err := exec.Command("go", "build", "-o", program, "./examples/emails").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, printed)
	}
	url, token := latchkey.SharedServer()
	client, err := latchkey.New(latchkey.Options{URL: url, Token: token})
	check(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err = client.Organizations.Create(ctx, latchkey.CreateOrganization{ID: "emails", Name: "Emails"})
	check(t, err)
	created, err := client.Keys.Create(ctx, latchkey.CreateKey{OrganizationID: "emails", Name: "CI", Permissions: []string{"emails:read"}})
	check(t, err)
	app := exec.CommandContext(ctx, program)
	app.Env = append(os.Environ(), "LATCHKEY_URL="+url, "LATCHKEY_KEY="+token, "PORT=0")
	output, err := app.StderrPipe()
	check(t, err)
	check(t, app.Start())
	line, err := bufio.NewReader(output).ReadString('\n')
	check(t, err)
	_, address, _ := strings.Cut(strings.TrimSpace(line), "serves ")
	ask := func(method, token string) string {
		request, err := http.NewRequestWithContext(ctx, method, address+"/api/emails", nil)
		check(t, err)
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		response, err := http.DefaultClient.Do(request)
		check(t, err)
		defer response.Body.Close()
		text, _ := io.ReadAll(response.Body)
		if response.StatusCode >= 300 {
			return response.Status
		}
		return string(text)
	}
	got := []string{ask("GET", ""), ask("GET", created.Key), ask("POST", created.Key)}
	if want := []string{"401 Unauthorized", "{\"emailsOf\":\"emails\"}\n", "403 Forbidden"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	check(t, app.Process.Signal(os.Interrupt))
	check(t, app.Wait())
}

func TestTheGuideShowsWhatRunsHere(t *testing.T) {
	own, err := os.ReadFile("example_test.go")
	check(t, err)
	app, err := os.ReadFile("examples/emails/main.go")
	check(t, err)
	blocks := 0
	for _, path := range []string{"../../docs/guides/go.md", "README.md"} {
		text, err := os.ReadFile(path)
		check(t, err)
		for _, block := range strings.Split(string(text), "```go\n")[1:] {
			program, _, _ := strings.Cut(block, "```")
			blocks++
			var body strings.Builder
			for _, line := range strings.SplitAfter(program, "\n") {
				if strings.TrimSpace(line) != "" {
					line = "\t" + line
				}
				body.WriteString(line)
			}
			if !strings.Contains(string(own), body.String()) && !strings.Contains(string(own), program) && program != string(app) {
				t.Errorf("%s shows what does not run:\n%s", path, program)
			}
		}
	}
	if blocks < 8 {
		log.Fatal("The guide has too few programs.")
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
