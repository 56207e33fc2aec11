package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"mintkey/e2e/internal/e2etest"
)

func startHAProxy(s *site, g *gateway) {
	script := s.install(g, "haproxy/signing-keys")
	fetchKeys := func() error {
		cmd := exec.Command("sh", script)
		cmd.Env = append(e2etest.CleanEnviron(), "PATH="+filepath.Dir(mintkey)+":"+os.Getenv("PATH"),
			"MINTKEY_URL="+s.issuer(), "MINTKEY_CLIENT_ID="+s.first.ClientID, "MINTKEY_CLIENT_SECRET="+s.first.ClientSecret)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w\n%s", script, err, out)
		}
		return nil
	}
	if err := fetchKeys(); err != nil {
		g.t.Fatal(err)
	}
	haproxy := e2etest.NewProcess(g.t, g.name, "haproxy", "-W", "-db", "-f", s.install(g, "haproxy/haproxy.cfg"))
	haproxy.Start()
	g.reload = func() error {
		if err := fetchKeys(); err != nil {
			return err
		}
		return haproxy.Running.Process.Signal(syscall.SIGUSR2)
	}
}
