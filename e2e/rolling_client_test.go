package e2e_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mintkey/e2e/internal/e2etest"
)

// steady fetches tokens at a fixed rate, with as little work for each as can be, so that the servers have the processors.
type steady struct {
	t       *testing.T
	address string
	keeps   bool // its connections, and makes a new one for each request otherwise
	request []byte

	asked, failed atomic.Int64
}

// newSteady returns who asks the balancer with the key.
func newSteady(t *testing.T, balancer string, keeps bool, key accessKey) *steady {
	request, err := http.NewRequest(http.MethodPost, balancer+"/oauth2/token", strings.NewReader("grant_type=client_credentials"))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(key.ClientID, key.ClientSecret)
	request.Close = !keeps
	var text bytes.Buffer
	if err := request.Write(&text); err != nil {
		t.Fatal(err)
	}
	return &steady{t: t, address: strings.TrimPrefix(balancer, "http://"), keeps: keeps, request: text.Bytes()}
}

// run asks so many times a second, until stop is closed. What is late is caught up with, on as many connections as are given.
func (s *steady) run(perSecond float64, connections int, stop <-chan struct{}) {
	begun := time.Now()
	var next atomic.Int64
	var all sync.WaitGroup
	for range connections {
		all.Go(func() {
			c := &tokenConn{steady: s}
			defer c.close()
			for {
				due := begun.Add(time.Duration(float64(next.Add(1)) / perSecond * float64(time.Second)))
				select {
				case <-stop:
					return
				case <-time.After(time.Until(due)):
				}
				s.asked.Add(1)
				if err := c.fetch(); err != nil {
					c.close()
					if s.failed.Add(1) <= 10 {
						s.t.Errorf("through %s: %v", s.address, err)
					}
				}
			}
		})
	}
	all.Wait()
}

// tokenConn is a connection, if there is one.
type tokenConn struct {
	*steady

	conn   net.Conn
	reader *bufio.Reader
}

func (c *tokenConn) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// fetch fetches one token.
func (c *tokenConn) fetch() (err error) {
	if c.conn == nil {
		if c.conn, err = net.DialTimeout("tcp", c.address, e2etest.Patience); err != nil {
			c.conn = nil
			return err
		}
		c.reader = bufio.NewReader(c.conn)
	}
	if err := c.conn.SetDeadline(time.Now().Add(e2etest.Patience)); err != nil {
		return err
	}
	if _, err := c.conn.Write(c.request); err != nil {
		return err
	}
	response, err := http.ReadResponse(c.reader, nil)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || !bytes.Contains(body, []byte(`"access_token":"`)) {
		return fmt.Errorf("%s: %s", response.Status, body)
	}
	if response.Close || !c.keeps {
		c.close()
	}
	return nil
}
