package latchkey

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// proxy stands between a verifier and the server, a connection for a request: it cuts what goes through it, holds it, or loses it.
type proxy struct {
	url      string
	server   string
	listener net.Listener
	mu       sync.Mutex
	changed  *sync.Cond
	// held is what of answers is held: those to requests whose path begins so.
	held  string
	isOn  bool
	loses string
	open  map[net.Conn]string
	asked map[string]int
}

func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{
		url: "http://" + listener.Addr().String(), server: strings.TrimPrefix(server, "http://"), listener: listener,
		open: map[net.Conn]string{}, asked: map[string]int{},
	}
	p.changed = sync.NewCond(&p.mu)
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(client)
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		p.release()
		p.cut("")
	})
	return p
}

// hold stops the bytes of answers, while the connections stay.
func (p *proxy) hold(path string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.held, p.isOn = path, true
}

// holdOnly holds answers of exactly this path.
func (p *proxy) holdOnly(path string) {
	p.hold(path + "\x00")
}

func (p *proxy) isHeld(path string) bool {
	return p.isOn && strings.HasPrefix(path+"\x00", p.held)
}

func (p *proxy) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.isOn = false
	p.changed.Broadcast()
}

// lose has the next answer to a path be lost, after the server has done what was asked.
func (p *proxy) lose(path string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loses = path
}

// cut ends the connections of requests to a path.
func (p *proxy) cut(path string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for connection, of := range p.open {
		if strings.HasPrefix(of, path) {
			connection.Close()
		}
	}
}

func (p *proxy) count(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked[path]
}

func (p *proxy) serve(client net.Conn) {
	defer client.Close()
	request, err := http.ReadRequest(bufio.NewReader(client))
	if err != nil {
		return
	}
	path := request.URL.Path
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	p.mu.Lock()
	p.asked[path]++
	p.open[client] = path
	isLost := p.loses != "" && strings.HasPrefix(path, p.loses)
	if isLost {
		p.loses = ""
	}
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.open, client)
		p.mu.Unlock()
	}()
	request.Close = true
	if request.Write(server) != nil {
		return
	}
	if isLost {
		io.Copy(io.Discard, server)
		return
	}
	// The client's end of a stream ends the server's.
	go func() {
		io.Copy(io.Discard, client)
		server.Close()
	}()
	buffer := make([]byte, 32<<10)
	for {
		n, err := server.Read(buffer)
		p.mu.Lock()
		for p.isHeld(path) {
			p.changed.Wait()
		}
		p.mu.Unlock()
		if n > 0 {
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
