package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"mintkey/e2e/freeport"
)

// process is a server that is measured.
type process struct {
	name string
	url  string
	cmd  *exec.Cmd
}

// start runs a command whose first line of output is its address, or whose address is given.
func start(ctx context.Context, name, address, command string, args ...string) (*process, error) {
	cmd := exec.CommandContext(ctx, command, args...)
	cmd.Stderr = os.Stderr
	p := &process{name: name, cmd: cmd}
	if address != "" {
		p.url = "http://" + address
		return p, cmd.Start()
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	p.url = "http://" + strings.TrimSpace(line)
	return p, err
}

// startMintkey starts the server of a folder on a store.
func startMintkey(ctx context.Context, dir folder, store string) (*process, error) {
	address, err := freeport.Address(ctx)
	if err != nil {
		return nil, err
	}
	return start(ctx, "mintkey", address, dir.path("mintkey"), "serve", "--store", store, "--listen", address, "--ops-listen=",
		"--log-level", "error")
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(os.Interrupt)
	_ = p.cmd.Wait()
}

// awaitTokens waits for the first token, and returns how long that took.
func (p *process) awaitTokens(ctx context.Context, key seeded) (time.Duration, error) {
	began := time.Now()
	for {
		if err := fetch(ctx, p.url, key); err == nil {
			return time.Since(began), nil
		} else if time.Since(began) > time.Minute {
			return 0, fmt.Errorf("%s gives no token: %w", p.name, err)
		}
		time.Sleep(time.Millisecond)
	}
}

func fetch(ctx context.Context, url string, key seeded) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/oauth2/token", strings.NewReader(tokenBody))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(key.ClientID, key.ClientSecret)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

// cpu is what the process has used so far, as the kernel accounts for it.
func (p *process) cpu() (time.Duration, error) {
	const ticks = 100 // a second, on every Linux
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, userErr := strconv.ParseInt(fields[11], 10, 64)
	system, systemErr := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * time.Second / ticks, errors.Join(userErr, systemErr)
}

// memory is the resident set in MiB.
func (p *process) memory() (float64, error) { return p.status("VmRSS:") }

// status is a size that the kernel tells about the process, in MiB.
func (p *process) status(name string) (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(status), name)
	kib, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	return kib / (1 << 10), err
}

// systemLoad is how many processes ran or wanted to in the last 1, 5 and 15 minutes, as the kernel counts them.
func systemLoad() string {
	text, _ := os.ReadFile("/proc/loadavg") // absent on other systems
	fields := strings.Fields(string(text))
	return strings.Join(fields[:min(len(fields), 3)], " ")
}
