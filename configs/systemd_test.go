package configs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"mintkey/configs"
)

// The unit is one that systemd accepts, with no more rights than a server needs: systemd's own measure of exposure goes from 0 to 10, and
// calls 9.2 unsafe, which is a unit without any of this.
func TestSystemdUnit(t *testing.T) {
	analyze, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Fatal("systemd-analyze is missing: tools/install installs Debian's package systemd, which starts nothing")
	}
	// verify wants the programs that a unit names to be there.
	text, err := os.ReadFile("systemd/mintkey.service")
	if err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(t.TempDir(), "mintkey.service")
	runnable := strings.ReplaceAll(string(text), "/usr/bin/mintkey", "/bin/true")
	if runnable == string(text) {
		t.Fatal("the unit does not start /usr/bin/mintkey")
	}
	if err := os.WriteFile(unit, []byte(runnable), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(analyze, "verify", "--man=no", unit).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	out, err := exec.Command(analyze, "security", "--offline=yes", "--no-pager", "--threshold=15", unit).CombinedOutput()
	if err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
}

// systemd kills a service that takes longer to stop than TimeoutStopSec.
func TestSystemdUnitWaitsForTheDrain(t *testing.T) {
	text, err := os.ReadFile("systemd/mintkey.service")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?m)^TimeoutStopSec=(\d+)$`).FindSubmatch(text)
	if found == nil {
		t.Fatal("there is no TimeoutStopSec")
	}
	seconds, err := strconv.Atoi(string(found[1]))
	if err != nil {
		t.Fatal(err)
	}
	config := load(t, configs.Sources{})
	if patience := time.Duration(seconds) * time.Second; patience <= config.Drain+config.ShutdownGrace {
		t.Errorf("TimeoutStopSec is %v, drain and shutdown_grace are %v together", patience, config.Drain+config.ShutdownGrace)
	}
}
