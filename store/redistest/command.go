package redistest

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// Do sends one command, whose words must hold no spaces, and returns its reply as text. An error fails the test.
func (s *Server) Do(words ...string) string {
	s.t.Helper()
	reply, err := s.try(words...)
	if err != nil {
		s.t.Fatalf("redis %s: %v", strings.Join(words, " "), err)
	}
	return reply
}

func (s *Server) try(words ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := s.dial(ctx)
	if err != nil {
		return "", err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // a paused server does not answer
	defer func() {
		if stop() {
			_ = conn.Close()
		}
	}()
	if _, err := fmt.Fprintf(conn, "%s\r\n", strings.Join(words, " ")); err != nil {
		return "", err
	}
	return readReply(bufio.NewReader(conn))
}

func (s *Server) dial(ctx context.Context) (net.Conn, error) {
	if s.tls == nil {
		return new(net.Dialer).DialContext(ctx, s.network, s.address)
	}
	return (&tls.Dialer{Config: s.tls.client}).DialContext(ctx, s.network, s.address)
}

// readReply reads a reply of RESP2. Elements of an array are one line each.
func readReply(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	kind, text := line[0], strings.TrimSpace(line[1:])
	switch kind {
	case '+', ':':
		return text, nil
	case '-':
		return "", fmt.Errorf("answered %q", text)
	case '$':
		size, err := strconv.Atoi(text)
		if err != nil || size < 0 {
			return "", err
		}
		bulk := make([]byte, size+len("\r\n"))
		_, err = io.ReadFull(r, bulk)
		return string(bulk[:size]), err
	case '*':
		size, err := strconv.Atoi(text)
		if err != nil {
			return "", err
		}
		var elements []string
		for range size {
			element, err := readReply(r)
			if err != nil {
				return "", err
			}
			elements = append(elements, element)
		}
		return strings.Join(elements, "\n"), nil
	default:
		return "", fmt.Errorf("answered with the unexpected %q", line)
	}
}
