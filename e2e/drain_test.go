package e2e_test

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"mintkey/e2e/internal/e2etest"
)

// Clients that keep a connection straight to a server are asked to leave it before it is closed, and a balancer hears of the stop first.
func TestDrain(t *testing.T) {
	t.Parallel()
	d := deploy(t, "bolt", 1, "MINTKEY_DRAIN=10s")
	s := d.servers[0]
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport, Timeout: e2etest.Patience}
			for { // until the server asks to leave, which it must do before it breaks the connection
				leave, err := fetchAndSee(client, s.URL, d.first.AccessKey)
				if err != nil {
					t.Error(err)
				}
				if leave || err != nil {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	running := s.Running
	s.Signal(syscall.SIGTERM)
	e2etest.Eventually(t, "not ready", func() error {
		status, body, err := getText(s.OpsURL + "/readyz")
		if err == nil && (status != http.StatusServiceUnavailable || !strings.Contains(body, `"status":"stopping"`)) {
			err = fmt.Errorf("%d %s", status, body)
		}
		return err
	})
	if leave, err := fetchAndSee(http.DefaultClient, s.URL, d.first.AccessKey); err != nil || leave {
		t.Errorf("at the beginning of a drain: asked to leave: %t, %v", leave, err)
	}
	clients.Wait()
	s.Running = nil
	if err := running.Wait(); err != nil {
		t.Error(err)
	}
}

// A second signal cuts a drain short.
func TestSecondSignalEndsDrain(t *testing.T) {
	d := deploy(t, "bolt", 1, "MINTKEY_DRAIN=10m")
	s := d.servers[0]
	s.Signal(syscall.SIGTERM)
	e2etest.Eventually(t, "draining", func() error { return s.Logged("msg=stopping") })
	s.Stop(syscall.SIGTERM) // which would wait for 10 minutes
}

// fetchAndSee fetches a token, and says whether the server closes the connection after it.
func fetchAndSee(client *http.Client, base string, key accessKey) (leave bool, err error) {
	body := strings.NewReader(url.Values{"grant_type": {"client_credentials"}}.Encode())
	request, err := http.NewRequest(http.MethodPost, base+"/oauth2/token", io.NopCloser(body)) // which the client can't send again
	if err != nil {
		return false, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(key.ClientID, key.ClientSecret)
	response, err := client.Do(request)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return false, err
	}
	if response.StatusCode != http.StatusOK {
		return false, fmt.Errorf("%s", response.Status)
	}
	return response.Close, nil
}

func getText(address string) (status int, body string, err error) {
	response, err := http.Get(address)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}
