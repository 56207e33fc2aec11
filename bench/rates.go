package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"time"

	"github.com/spf13/cobra"
)

func ratesCommand() *cobra.Command {
	var l load
	store := "bolt"
	command := &cobra.Command{
		Use:   "rates",
		Short: "Measure tokens, forward-auth and introspection against the yardstick in turn, and their latencies at half of its rate",
		Args:  cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			return runRates(command.Context(), command.OutOrStdout(), store, l)
		},
	}
	l.flags(command.Flags(), 5, 4*time.Second)
	command.Flags().StringVar(&store, "store", store, "bolt or redis, a new one")
	return command
}

// kindOfRequest is one that is measured, and what it is compared with.
type kindOfRequest struct {
	name, yardstick     string
	server              *process
	method, path        string
	authorization, body string
	results             rounds
	p50, p99            []time.Duration // at half of the yardstick's rate
}

func (k *kindOfRequest) request(ctx context.Context) (*http.Request, error) {
	request, err := formRequest(ctx, k.server.url+k.path, nil, seeded{})
	if err != nil {
		return nil, err
	}
	if k.body != "" {
		values, err := url.ParseQuery(k.body)
		if err != nil {
			return nil, err
		}
		if request, err = formRequest(ctx, k.server.url+k.path, values, seeded{}); err != nil {
			return nil, err
		}
	}
	request.Method = k.method
	request.Header.Set("Authorization", k.authorization)
	return request, nil
}

func runRates(ctx context.Context, out io.Writer, kind string, l load) error {
	dir, err := newFolder(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(string(dir)) }()
	store, done, err := newStore(ctx, dir, kind)
	if err != nil {
		return err
	}
	defer done()
	key, err := initKey(ctx, dir, store)
	if err != nil {
		return err
	}
	text, err := json.Marshal([]seeded{key})
	if err == nil {
		err = os.WriteFile(dir.path("keys.json"), text, 0o600)
	}
	if err != nil {
		return err
	}
	yardstick, err := start(ctx, "yardstick", "", dir.path("yardstick"), "-keys", dir.path("keys.json"))
	if err != nil {
		return err
	}
	defer yardstick.stop()
	var all []*kindOfRequest
	server, err := startMintkey(ctx, dir, store)
	if err != nil {
		return err
	}
	defer server.stop()
	if _, err := server.awaitTokens(ctx, key); err != nil {
		return err
	}
	all, err = requestsOf(ctx, yardstick, server, key)
	if err != nil {
		return err
	}
	if err := measureInTurn(ctx, dir, all, l); err != nil {
		return err
	}
	return ratesTable(out, kind, all, l)
}

// initKey makes the account and an access key that may do everything.
func initKey(ctx context.Context, dir folder, store string) (key seeded, err error) {
	init := exec.CommandContext(ctx, dir.path("mintkey"), "init", "--store", store, "--account", "acme", "--tenant", "load",
		"--release", "24.3", "--email", visitorEmail, "--name", "Ada", "-o", "json")
	init.Stderr = os.Stderr
	text, err := init.Output()
	if err == nil {
		err = json.Unmarshal(text, &key)
	}
	return key, err
}

func requestsOf(ctx context.Context, yardstick, server *process, key seeded) ([]*kindOfRequest, error) {
	theirs, err := yardstick.token(ctx, key, "")
	if err != nil {
		return nil, err
	}
	ours, err := server.token(ctx, key, "")
	if err != nil {
		return nil, err
	}
	basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(key.ClientID+":"+key.ClientSecret))
	const token, verify = "yardstick: a token", "yardstick: a verification"
	return []*kindOfRequest{
		asksForToken(token, "", yardstick, basic),
		asksForToken("Mintkey: a token", token, server, basic),
		{name: verify, server: yardstick, method: http.MethodGet, path: "/verify", authorization: "Bearer " + theirs},
		{
			name: "Mintkey: forward-auth", yardstick: verify, server: server, method: http.MethodGet, path: "/oauth2/forward-auth",
			authorization: "Bearer " + ours,
		},
		{
			name: "Mintkey: introspection", yardstick: verify, server: server, method: http.MethodPost, path: "/oauth2/introspect",
			authorization: basic, body: url.Values{"token": {ours}}.Encode(),
		},
	}, nil
}

func asksForToken(name, yardstick string, server *process, basic string) *kindOfRequest {
	return &kindOfRequest{
		name: name, yardstick: yardstick, server: server, method: http.MethodPost, path: "/oauth2/token", authorization: basic, body: tokenBody,
	}
}

// measureInTurn measures each as fast as it goes, and then at half of the rate of the slowest.
func measureInTurn(ctx context.Context, dir folder, all []*kindOfRequest, l load) error {
	for range l.rounds {
		for i, k := range all {
			script := dir.path(fmt.Sprintf("request-%d.lua", i))
			if err := writeRequest(script, k.method, k.path, k.authorization, k.body); err != nil {
				return err
			}
			r, err := measure(ctx, k.server, script, l)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			k.results = append(k.results, r)
		}
	}
	half := halfOfSlowest(all)
	for range l.rounds {
		for _, k := range all {
			p50, p99, err := steady(ctx, half, l.length, k.request)
			if err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
			k.p50, k.p99 = append(k.p50, p50), append(k.p99, p99)
		}
	}
	return nil
}

func halfOfSlowest(all []*kindOfRequest) float64 {
	slowest := all[0].results.median().perSecond
	for _, k := range all[1:] {
		slowest = min(slowest, k.results.median().perSecond)
	}
	return slowest / 2
}

func ratesTable(out io.Writer, kind string, all []*kindOfRequest, l load) error {
	if _, err := fmt.Fprintf(out, "%s, %s; load of the machine %s; `wrk -t1 -c%d`, %d rounds of %s in turn, medians;\n"+
		"at a fixed rate: %.0f a second, whatever the answers take, half of what the slowest can\n\n"+
		"| | requests/s | CPU each | CPU in yardsticks | p50 at the fixed rate | p99 | p99 in yardsticks |\n"+
		"| --- | --- | --- | --- | --- | --- | --- |\n",
		processor(), kind, systemLoad(), l.connections, l.rounds, l.length, halfOfSlowest(all)); err != nil {
		return err
	}
	for _, k := range all {
		cpu, slow := "1", "1"
		if i := slices.IndexFunc(all, func(other *kindOfRequest) bool { return other.name == k.yardstick }); i >= 0 {
			cpu = fmt.Sprintf("%.2f", comparison{yardstick: all[i].results, server: k.results}.ratio(cpuOf))
			slow = fmt.Sprintf("%.2f", middleRatio(k.p99, all[i].p99))
		}
		m := k.results.median()
		if _, err := fmt.Fprintf(out, "| %s | %.0f | %d µs | %s | %s | %s | %s |\n", k.name, m.perSecond, m.cpu.Microseconds(), cpu,
			duration(middleOf(k.p50).Seconds()), duration(middleOf(k.p99).Seconds()), slow); err != nil {
			return err
		}
	}
	return nil
}

func middleOf(all []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

// middleRatio is the median of the ratios of each round.
func middleRatio(of, to []time.Duration) float64 {
	ratios := make([]float64, len(of))
	for i := range of {
		ratios[i] = float64(of[i]) / float64(to[i])
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}
