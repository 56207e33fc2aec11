package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// systemd understands every line of the units. TestTokenWatchWhileTheKeyRotates runs their commands.
func TestSystemdUnits(t *testing.T) {
	folder := t.TempDir()
	units, err := filepath.Glob("../configs/systemd/*@.*")
	if err != nil || len(units) < 3 {
		t.Fatalf("units: %v, %v", units, err)
	}
	var instances []string
	for _, unit := range units {
		text, err := os.ReadFile(unit)
		if err != nil {
			t.Fatal(err)
		}
		// It looks for the program too, which is not installed here.
		installed := strings.ReplaceAll(string(text), "/usr/bin/mintkey", "/bin/true")
		file := filepath.Join(folder, filepath.Base(unit))
		if err := os.WriteFile(file, []byte(installed), 0o600); err != nil {
			t.Fatal(err)
		}
		instances = append(instances, strings.Replace(file, "@.", "@billing.", 1))
	}
	for _, unit := range instances {
		out, err := exec.Command("systemd-analyze", "verify", "--man=no", unit).CombinedOutput()
		if said := aboutUnits(string(out), folder); err != nil || said != "" {
			t.Errorf("systemd-analyze verify %s: %v\n%s", filepath.Base(unit), err, said)
		}
	}
}

// aboutUnits leaves out what is said of other units, which this machine may have.
func aboutUnits(said, folder string) string {
	var about []string
	for line := range strings.Lines(said) {
		if strings.Contains(line, folder) || strings.Contains(line, "mintkey") {
			about = append(about, line)
		}
	}
	return strings.Join(about, "")
}
