package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const tokenBody = "grant_type=client_credentials"

// result is one measurement.
type result struct {
	perSecond float64
	p50, p99  time.Duration
	cpu       time.Duration // of the server, for each token
	memory    float64       // of the server at the end, in MiB
}

// zipfLength is how many requests wrk's script has in its list. It begins again at the end.
const zipfLength = 1 << 16

// writeScript writes a script for wrk that asks with the keys, of which the first ones ask far more often than the last (Zipf, s = 1.1).
func writeScript(path string, keys []seeded) error {
	var text strings.Builder
	text.WriteString("local keys = {\n")
	for _, key := range keys {
		fmt.Fprintf(&text, "%q,\n", base64.StdEncoding.EncodeToString([]byte(key.ClientID+":"+key.ClientSecret)))
	}
	text.WriteString("}\nlocal order = {\n")
	order := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 1, uint64(len(keys)-1)) //nolint:gosec // the same load each time
	for range zipfLength {
		fmt.Fprintf(&text, "%d,", order.Uint64()+1)
	}
	fmt.Fprintf(&text, `
}
local requests = {}
local headers = {["Content-Type"] = "application/x-www-form-urlencoded"}
local i = 0
request = function()
  i = i %% #order + 1
  local key = keys[order[i]]
  if not requests[key] then
    headers["Authorization"] = "Basic " .. key
    requests[key] = wrk.format("POST", "/oauth2/token", headers, %q)
  end
  return requests[key]
end
`, tokenBody)
	return os.WriteFile(path, []byte(text.String()), 0o600)
}

// measure loads the server with wrk: one thread, so that at most one core is its own.
func measure(ctx context.Context, p *process, script string, l load) (r result, err error) {
	before, err := p.cpu()
	if err != nil {
		return r, err
	}
	out, err := exec.CommandContext(ctx, "wrk", "-t1", fmt.Sprintf("-c%d", l.connections), fmt.Sprintf("-d%ds", int(l.length.Seconds())),
		"--latency", "-s", script, p.url).CombinedOutput()
	if err != nil {
		return r, fmt.Errorf("wrk: %w: %s", err, out)
	}
	after, err := p.cpu()
	if err != nil {
		return r, err
	}
	if bytes.Contains(out, []byte("Non-2xx")) || bytes.Contains(out, []byte("Socket errors")) {
		return r, fmt.Errorf("%s failed under load: %s", p.name, out)
	}
	figures := map[string]string{}
	for name, pattern := range map[string]string{
		"rate": `Requests/sec:\s+([\d.]+)`, "total": `(\d+) requests in`, "p50": `50%\s+([\d.]+\w+)`, "p99": `99%\s+([\d.]+\w+)`,
	} {
		found := regexp.MustCompile(pattern).FindSubmatch(out)
		if found == nil {
			return r, fmt.Errorf("wrk did not say %s: %s", name, out)
		}
		figures[name] = string(found[1])
	}
	total, err := strconv.Atoi(figures["total"])
	if err != nil || total == 0 {
		return r, fmt.Errorf("%s answered nothing: %s", p.name, out)
	}
	r.cpu = (after - before) / time.Duration(total)
	if r.perSecond, err = strconv.ParseFloat(figures["rate"], 64); err != nil {
		return r, err
	}
	if r.p50, err = time.ParseDuration(figures["p50"]); err != nil {
		return r, err
	}
	if r.p99, err = time.ParseDuration(figures["p99"]); err != nil {
		return r, err
	}
	r.memory, err = p.memory()
	return r, err
}
