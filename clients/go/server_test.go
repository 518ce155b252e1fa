package latchkey

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"hash/crc32"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// testServer is a real server, in a process of its own, on a database of its own.
type testServer struct {
	url     string
	token   string
	process *os.Process
	client  *Client
}

var shared *testServer

func TestMain(m *testing.M) {
	code := func() int {
		folder, err := os.MkdirTemp("", "latchkey-go-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(folder)
		server, stop, err := startServer(folder)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer stop()
		shared = server
		return m.Run()
	}()
	os.Exit(code)
}

// startServer starts the server of this repository. Nothing is skipped: without one, the tests fail.
func startServer(folder string) (*testServer, func(), error) {
	node, program := os.Getenv("LATCHKEY_TEST_NODE"), os.Getenv("LATCHKEY_TEST_MAIN")
	if node == "" {
		node, _ = filepath.Abs("../../node_modules/.bin/node")
	}
	if program == "" {
		program, _ = filepath.Abs("../../dist/cli/main.js")
	}
	if _, err := os.Stat(program); err != nil {
		return nil, nil, fmt.Errorf("there is no server to test with: run npm ci and npm run build in the root of the repository: %w", err)
	}
	token := newToken("re")
	command := exec.Command(node, program, "serve", "--port", "0", "--database", "sqlite:"+filepath.Join(folder, "latchkey.db"))
	command.Dir = folder
	command.Env = append(os.Environ(), "LATCHKEY_ROOT_KEY="+token, "LATCHKEY_LOG_LEVEL=error")
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := command.Start(); err != nil {
		return nil, nil, err
	}
	stop := func() {
		command.Process.Kill()
		command.Wait()
	}
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if _, rest, ok := strings.Cut(lines.Text(), "Latchkey serves "); ok {
			address, _, _ := strings.Cut(rest, " ")
			go func() {
				for lines.Scan() {
				}
			}()
			client, err := New(Options{URL: address, Token: token})
			if err != nil {
				stop()
				return nil, nil, err
			}
			return &testServer{url: address, token: token, process: command.Process, client: client}, stop, nil
		}
	}
	stop()
	return nil, nil, fmt.Errorf("the server did not start")
}

// newToken makes a token as the server does.
func newToken(prefix string) string {
	text := func(length int) string {
		var made strings.Builder
		for i := 0; i < length; i++ {
			n, err := rand.Int(rand.Reader, big.NewInt(62))
			if err != nil {
				panic(err)
			}
			made.WriteByte(base62[n.Int64()])
		}
		return made.String()
	}
	unchecked := prefix + "_" + text(kidLength) + "0" + text(42)
	return unchecked + checkOf(unchecked)
}

func checkOf(unchecked string) string {
	check := make([]byte, checkLength)
	for i, rest := checkLength-1, crc32.ChecksumIEEE([]byte(unchecked)); i >= 0; i-- {
		check[i] = base62[rest%62]
		rest /= 62
	}
	return string(check)
}

func withTimeout(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// SharedServer gives the server of the tests to those that use the package from outside.
func SharedServer() (url, token string) {
	return shared.url, shared.token
}
