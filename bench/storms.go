package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"mintkey/e2e/freeport"
)

// storms says what is measured.
type storms struct {
	store       string
	length      time.Duration
	connections []int
	kinds       []string
	settle      time.Duration
}

func stormsCommand() *cobra.Command {
	var s storms
	command := &cobra.Command{
		Use:   "storms --store URL",
		Short: "Measure what one tenant notices of another's storm, and the memory that the server needs for it",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return s.run(command.Context(), command.OutOrStdout())
		},
	}
	flags := command.Flags()
	flags.StringVar(&s.store, "store", "", "bolt:///path or redis://host:port/database, empty")
	flags.DurationVar(&s.length, "for", 10*time.Second, "length of each storm")
	flags.IntSliceVar(&s.connections, "connections", []int{200, 1000, 5000}, "connections of the storm")
	flags.StringSliceVar(&s.kinds, "kinds", []string{"tokens", "wrong secrets", "lists"}, "what the storms ask for")
	flags.DurationVar(&s.settle, "settle", 30*time.Second, "when the memory is read again after a storm")
	_ = command.MarkFlagRequired("store")
	return command
}

// stormKey is an access key as init and the administration API show it.
type stormKey struct {
	seeded

	UserID string `json:"user_id"`
}

func (s storms) run(ctx context.Context, out io.Writer) error {
	temporary, err := os.MkdirTemp("", "mintkey-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(temporary) }()
	f := folder(temporary)
	if err := build(ctx, f, "mintkey", "./cmd/mintkey"); err != nil {
		return err
	}
	var quiet stormKey
	init := exec.CommandContext(ctx, f.path("mintkey"), "init", "--store", s.store, "--account", "acme", "--tenant", "quiet",
		"--release", "24.3", "--email", "ada@example.com", "--name", "Ada", "-o", "json")
	init.Stderr = os.Stderr
	text, err := init.Output()
	if err == nil {
		err = json.Unmarshal(text, &quiet)
	}
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(out, "%s; storms by wrk -t1 of %s each, on the same machine\n\n"+
		"| storm | connections | requests/s | tokens: p50 | p99 | lists: p50 | p99 | memory | later |\n"+
		"| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n", processor(), s.length)
	for i, connections := range append([]int{0}, s.connections...) {
		for j, kind := range s.kinds {
			if i == 0 && j > 0 {
				continue
			}
			if err := s.measure(ctx, out, f, quiet, kind, connections); err != nil {
				return err
			}
		}
	}
	return nil
}

// measure starts a server, and prints a line about one storm; without connections about none.
func (s storms) measure(ctx context.Context, out io.Writer, f folder, quiet stormKey, kind string, connections int) error {
	address, err := freeport.Address(ctx)
	if err != nil {
		return err
	}
	p, err := start(ctx, "mintkey", address, f.path("mintkey"), "serve", "--store", s.store, "--listen", address, "--ops-listen=",
		"--log-level", "error", "--drain", "0s")
	if err != nil {
		return err
	}
	defer p.stop()
	if _, err := p.awaitTokens(ctx, quiet.seeded); err != nil {
		return err
	}
	admin, err := p.token(ctx, quiet.seeded, "keys:read keys:write tenants:write users:write")
	if err != nil {
		return err
	}
	rate := "-"
	var storm errgroup.Group
	if connections > 0 {
		stormy, err := p.stormKey(ctx, admin, quiet.UserID)
		if err != nil {
			return err
		}
		if err := p.writeStorm(ctx, f.path("storm.lua"), kind, stormy); err != nil {
			return err
		}
		storm.Go(func() (err error) {
			rate, err = rage(ctx, p, f.path("storm.lua"), connections, s.length)
			return err
		})
		time.Sleep(s.length / 5) // all connections are open
	}
	var tokens, lists latencies
	var both errgroup.Group
	both.Go(func() error {
		return tokens.measure(s.length*3/5, func() error { _, err := p.token(ctx, quiet.seeded, ""); return err })
	})
	both.Go(func() error {
		return lists.measure(s.length*3/5, func() error {
			_, err := p.call(ctx, admin, http.MethodGet, "/admin/v1/tenants/quiet/keys", "")
			return err
		})
	})
	if err := errors.Join(both.Wait(), storm.Wait()); err != nil {
		return err
	}
	peak, err := p.status("VmHWM:")
	if err != nil {
		return err
	}
	time.Sleep(s.settle)
	later, err := p.memory()
	if connections == 0 {
		kind = "none"
	}
	_, _ = fmt.Fprintf(out, "| %s | %d | %s | %s | %s | %s | %s | %.0f MiB | %.0f MiB |\n",
		kind, connections, rate, tokens.at(50), tokens.at(99), lists.at(50), lists.at(99), peak, later)
	return err
}

// stormKey makes the tenant that storms, unless there is one, and a new access key in it.
func (p *process) stormKey(ctx context.Context, admin, user string) (key seeded, err error) {
	const tenant = "/admin/v1/tenants/storm"
	if _, err := p.call(ctx, admin, http.MethodGet, tenant, ""); err != nil {
		made := `{"id":"storm","name":"Storm","release":"24.3"}`
		if _, err := p.call(ctx, admin, http.MethodPost, "/admin/v1/accounts/acme/tenants", made); err != nil {
			return key, err
		}
		if _, err := p.call(ctx, admin, http.MethodPut, tenant+"/members/"+user, `{"role":"member"}`); err != nil {
			return key, err
		}
	}
	var before struct {
		Items []seeded `json:"items"`
	}
	text, err := p.call(ctx, admin, http.MethodGet, tenant+"/keys", "")
	if err == nil {
		err = json.Unmarshal(text, &before)
	}
	if err != nil {
		return key, err
	}
	for _, old := range before.Items {
		if _, err := p.call(ctx, admin, http.MethodDelete, tenant+"/keys/"+old.ClientID, ""); err != nil {
			return key, err
		}
	}
	text, err = p.call(ctx, admin, http.MethodPost, tenant+"/keys", `{"user_id":"`+user+`","scopes":["api","keys:read"]}`)
	if err != nil {
		return key, err
	}
	return key, json.Unmarshal(text, &key)
}

// writeStorm writes the script of a storm for wrk.
func (p *process) writeStorm(ctx context.Context, file, kind string, key seeded) error {
	basic := func(secret string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(key.ClientID+":"+secret))
	}
	method, path, authorization, body := http.MethodPost, "/oauth2/token", basic(key.ClientSecret), tokenBody
	switch kind {
	case "lists":
		token, err := p.token(ctx, key, "keys:read")
		if err != nil {
			return err
		}
		method, path, authorization, body = http.MethodGet, "/admin/v1/tenants/storm/keys", "Bearer "+token, ""
	case "wrong secrets":
		authorization = basic("wrong")
	}
	return writeRequest(file, method, path, authorization, body)
}

// writeRequest writes a script for wrk that always sends the same request.
func writeRequest(file, method, path, authorization, body string) error {
	script := fmt.Sprintf(`wrk.method = %q
wrk.path = %q
wrk.headers["Authorization"] = %q
`, method, path, authorization)
	if body != "" {
		script += fmt.Sprintf("wrk.headers[\"Content-Type\"] = \"application/x-www-form-urlencoded\"\nwrk.body = %q\n", body)
	}
	return os.WriteFile(file, []byte(script), 0o600)
}

// rage runs the storm, and returns how many requests were answered in a second.
func rage(ctx context.Context, p *process, script string, connections int, length time.Duration) (rate string, err error) {
	out, err := exec.CommandContext(ctx, "wrk", "-t1", fmt.Sprintf("-c%d", connections), fmt.Sprintf("-d%ds", int(length.Seconds())),
		"--timeout", "10s", "-s", script, p.url).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("wrk: %w: %s", err, out)
	}
	_, rest, found := bytes.Cut(out, []byte("Requests/sec:"))
	if !found {
		return "", fmt.Errorf("wrk did not say how much it did: %s", out)
	}
	if _, errs, found := bytes.Cut(out, []byte("Socket errors:")); found {
		errs, _, _ = bytes.Cut(errs, []byte("\n"))
		return fmt.Sprintf("%s (%s)", bytes.Fields(rest)[0], bytes.TrimSpace(errs)), nil
	}
	return string(bytes.Fields(rest)[0]), nil
}

// latencies are how long requests took.
type latencies []time.Duration

// measure makes requests one after the other.
func (l *latencies) measure(length time.Duration, request func() error) error {
	for began := time.Now(); time.Since(began) < length; time.Sleep(5 * time.Millisecond) {
		sent := time.Now()
		if err := request(); err != nil {
			return err
		}
		*l = append(*l, time.Since(sent))
	}
	slices.Sort(*l)
	return nil
}

func (l latencies) at(percent int) string {
	return fmt.Sprintf("%.1f ms", l[len(l)*percent/100].Seconds()*1000)
}

// token fetches a token.
func (p *process) token(ctx context.Context, key seeded, scope string) (string, error) {
	request, err := formRequest(ctx, p.url+"/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "scope": {scope}}, key)
	if err != nil {
		return "", err
	}
	text, err := do(request)
	if err != nil {
		return "", err
	}
	var body struct {
		AccessToken string `json:"access_token"`
	}
	err = json.Unmarshal(text, &body)
	return body.AccessToken, err
}

// formRequest is one of an access key.
func formRequest(ctx context.Context, path string, form url.Values, key seeded) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(key.ClientID, key.ClientSecret)
	return request, nil
}

// call calls the administration API.
func (p *process) call(ctx context.Context, token, method, path, body string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, p.url+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	return do(request)
}

func do(request *http.Request) ([]byte, error) {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s %s: %s: %s", request.Method, request.URL.Path, response.Status, text)
	}
	return text, err
}
