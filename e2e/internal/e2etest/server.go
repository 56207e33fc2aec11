package e2etest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"testing"
)

// Server is "mintkey serve" on two free ports.
type Server struct {
	*Process
	URL    string
	OpsURL string
}

// NewServer returns a server that is not started yet. Without an issuer it is its own.
func NewServer(t *testing.T, name, program, issuer string, args ...string) *Server {
	t.Helper()
	listen, ops := FreeAddress(t), FreeAddress(t)
	s := &Server{URL: "http://" + listen, OpsURL: "http://" + ops}
	if issuer == "" {
		issuer = s.URL
	}
	args = append([]string{"serve", "--listen", listen, "--ops-listen", ops, "--issuer", issuer}, args...)
	s.Process = NewMintkey(t, name, program, args...)
	return s
}

// Ready is nil when the server says that it is ready.
func (s *Server) Ready() error {
	response, err := http.Get(s.OpsURL + "/readyz")
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("/readyz: %s", response.Status)
	}
	return nil
}

// AwaitReady waits until it is ready.
func (s *Server) AwaitReady() {
	s.T.Helper()
	Eventually(s.T, s.Name+" ready", s.Ready)
}

// FirstKey is what "mintkey init -o json" prints.
type FirstKey struct {
	AccountID string `json:"account_id"`
	TenantID  string `json:"tenant_id"`
	UserID    string `json:"user_id"`
	AccessKey
}

// AccessKey is a client ID and its secret.
type AccessKey struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// Init makes the account "acme" with the tenant in a new store, by "mintkey init" with the settings, and returns the first key.
func Init(t *testing.T, program, tenant string, env ...string) (first FirstKey) {
	t.Helper()
	cmd := exec.Command(program, "init", "-o", "json", "--account", "acme", "--tenant", tenant, "--release", "24.3",
		"--name", "Ada Admin", "--email", "ada@example.com")
	cmd.Env = append(CleanEnviron(), env...)
	cmd.Dir = t.TempDir()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("mintkey init: %v\n%s%s", err, out, StderrOf(err))
	}
	if err := json.Unmarshal(out, &first); err != nil {
		t.Fatalf("mintkey init printed %s: %v", out, err)
	}
	if first.AccountID == "" || first.TenantID == "" || first.UserID == "" || first.ClientID == "" || first.ClientSecret == "" {
		t.Fatalf("mintkey init printed %s: something is missing", out)
	}
	return first
}

// StderrOf is what a command that failed has written there.
func StderrOf(err error) []byte {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return exit.Stderr
	}
	return nil
}
