package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"mintkey/configs"
)

// maxHealthAnswer is far more than /readyz says.
const maxHealthAnswer = 64 << 10 // bytes

func (p *program) healthCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "health",
		Short: "Ask the server on this machine whether it is ready",
		Long: "Ask /readyz of the server on this machine, at its ops_listen. The exit code is 0 if it is ready to answer requests and 1 if\n" +
			"not. It is the health check of the container image, whose base has no shell. Give it the settings of the server, as to\n" +
			"mintkey serve; of these it uses ops_listen only.",
		Example: "  mintkey health --config /etc/mintkey/mintkey.yaml",
		Args:    arguments(cobra.NoArgs),
	}
	timeout := c.Flags().Duration("timeout", 5*time.Second, "how long to wait for the answer")
	p.withSettings(c, func(config configs.Config, _ []string) error {
		return p.health(c.Context(), config.OpsListen, *timeout)
	})
	c.Flags().VisitAll(func(f *pflag.Flag) { // of the settings, all are taken, as by serve, and these matter
		f.Hidden = f.Name != "config" && f.Name != "ops-listen" && f.Name != "timeout"
	})
	return c
}

func (p *program) health(ctx context.Context, address string, timeout time.Duration) error {
	url, err := readyURL(address)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // no proxy: the server is on this machine
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("the server does not answer: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxHealthAnswer))
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", url, err)
	}
	text := strings.TrimSpace(string(body))
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s: %s", response.Status, text)
	}
	result := map[string]any{"ready": true, "url": url}
	return p.print(result, func(w io.Writer) { _, _ = fmt.Fprintln(w, "ready") })
}

// readyURL is where a server with this ops_listen can be asked from its own machine.
func readyURL(address string) (string, error) {
	if address == "" {
		return "", &usageError{errors.New("ops_listen is empty, so there is nobody to ask")}
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	if port == "0" {
		return "", &usageError{errors.New("ops_listen has port 0, which is another one each time")}
	}
	ip, err := netip.ParseAddr(host)
	switch {
	case host == "" || err == nil && ip == netip.IPv4Unspecified():
		host = "127.0.0.1"
	case err == nil && ip == netip.IPv6Unspecified():
		host = "::1"
	}
	return "http://" + net.JoinHostPort(host, port) + "/readyz", nil
}
