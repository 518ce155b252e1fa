package provider

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	latchkey "github.com/latchkey-dev/latchkey/clients/go"
)

// One server of this repository for all tests, in a process and on a database of its own.
var (
	serverURL string
	rootToken string
	direct    *latchkey.Client
)

func TestMain(m *testing.M) {
	code := func() int {
		folder, err := os.MkdirTemp("", "latchkey-terraform-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(folder)
		stop, err := startServer(folder)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer stop()
		return m.Run()
	}()
	os.Exit(code)
}

var printedToken = regexp.MustCompile(`\b[a-z]+_[0-9A-Za-z]{50,}\b`)

// startServer starts the server as it is built. Nothing is skipped: without one, the tests fail.
func startServer(folder string) (func(), error) {
	root, _ := filepath.Abs("../../../..")
	program := filepath.Join(root, "dist/cli/main.js")
	if _, err := os.Stat(program); err != nil {
		return nil, fmt.Errorf("there is no server to test with: run npm ci and npm run build in the root of the repository: %w", err)
	}
	command := exec.Command(filepath.Join(root, "node_modules/.bin/node"), program, "serve", "--port", "0",
		"--database", "sqlite:"+filepath.Join(folder, "latchkey.db"))
	command.Env = append(os.Environ(), "LATCHKEY_LOG_LEVEL=error")
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	stop := func() {
		command.Process.Kill()
		command.Wait()
	}
	lines := bufio.NewScanner(output)
	for (serverURL == "" || rootToken == "") && lines.Scan() {
		if found := printedToken.FindString(lines.Text()); found != "" {
			rootToken = found
		}
		if _, rest, ok := strings.Cut(lines.Text(), "Latchkey serves "); ok {
			serverURL, _, _ = strings.Cut(rest, " ")
		}
	}
	go func() {
		for lines.Scan() {
		}
	}()
	direct, err = latchkey.New(latchkey.Options{URL: serverURL, Token: rootToken})
	if err != nil {
		stop()
		return nil, fmt.Errorf("the server did not start: %w", err)
	}
	return stop, nil
}

func withTimeout(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// newKey makes a key beside Terraform.
func newKey(t *testing.T, input latchkey.CreateKey) *latchkey.CreatedKey {
	t.Helper()
	created, err := direct.Keys.Create(withTimeout(t), input)
	if err != nil {
		t.Fatal(err)
	}
	return created
}

// codeOf verifies a token.
func codeOf(t *testing.T, token string) string {
	t.Helper()
	verdict, err := direct.Verify(withTimeout(t), token, latchkey.Question{})
	if err != nil {
		t.Fatal(err)
	}
	return verdict.Code
}
