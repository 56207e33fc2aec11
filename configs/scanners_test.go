package configs_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"mintkey/policy"
)

// The rules for secret scanners find every secret that Mintkey makes, in what people keep them in, and nothing that only looks alike.
func TestScannersFindSecrets(t *testing.T) {
	for file, line := range map[string]string{
		"scanners/gitleaks.toml":   `regex = '''(.+)'''`,
		"scanners/trufflehog.yaml": `secret: (.+)`,
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(line).FindSubmatch(text)
		if found == nil {
			t.Fatalf("%s has no %s", file, line)
		}
		rule := regexp.MustCompile(string(found[1]))
		for n := range 100 {
			secret := policy.NewClientSecret([32]byte{byte(n), 31: byte(n)}).Reveal()
			for _, around := range []string{"%", `"%"`, "MINTKEY_CLIENT_SECRET=%\n", "https://mk_1:%@host/", "secret: %,", "é%é"} {
				if got := rule.FindStringSubmatch(strings.Replace(around, "%", secret, 1)); got == nil || got[1] != secret {
					t.Errorf("%s: found %q in %q", file, got, around)
				}
			}
			for _, other := range []string{secret[1:], secret[:len(secret)-1], secret + "a", "a" + secret, strings.ToUpper(secret)} {
				if got := rule.FindString(other); got != "" {
					t.Errorf("%s: found %q in %q", file, got, other)
				}
			}
		}
	}
}
