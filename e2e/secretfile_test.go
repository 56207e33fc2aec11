package e2e_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"mintkey/e2e/internal/e2etest"
)

// A webhook's secret in a file is replaced while the server runs, by SIGHUP. One that can't be used leaves the old one in place.
func TestSecretsInFilesAreReplacedWhileItRuns(t *testing.T) {
	t.Parallel()
	const first, second = "whsec_Zmlyc3QtZmlyc3QtZmlyc3QtZmlyc3Qt", "whsec_c2Vjb25kLXNlY29uZC1zZWNvbmQtc2Vj"
	file := filepath.Join(t.TempDir(), "webhook-secret")
	put := func(text string) {
		if err := os.WriteFile(file, []byte(text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put(first)
	received := receiveWebhooks(t, first, second)
	d := deploy(t, "bolt", 1, "MINTKEY_WEBHOOK_URL="+received.url, "MINTKEY_WEBHOOK_SECRET_FILE="+file)
	s := d.servers[0]
	if err := s.Logged(`level=WARN msg="secret is open to others" setting=webhook.secret_file`); err != nil {
		t.Error(err)
	}
	signedWith := func(secret, user string) {
		t.Helper()
		d.addMember(user)
		before := received.count(secret)
		d.newKey(user)
		e2etest.Eventually(t, "a webhook signed with "+secret, func() error {
			if now := received.count(secret); now <= before {
				return fmt.Errorf("%d", now)
			}
			return nil
		})
	}
	signedWith(first, "grace")
	put("nonsense")
	s.Signal(syscall.SIGHUP)
	e2etest.Eventually(t, "refusal", func() error { return s.Logged(`level=ERROR msg="secrets not loaded; keeping the old ones"`) })
	signedWith(first, "tom")
	put(second)
	s.Signal(syscall.SIGHUP)
	e2etest.Eventually(t, "reload", func() error { return s.Logged(`msg="secrets loaded"`) })
	signedWith(second, "mia")

	// Each time the files are looked at for who may read them, and /readyz?verbose has what was seen last.
	const warning = "webhook.secret_file: open to others (mode 0644)"
	warned := func(want bool) func() error {
		return func() error {
			_, body, err := getText(s.OpsURL + "/readyz?verbose")
			if err == nil && strings.Contains(body, warning) != want {
				err = errors.New(body)
			}
			return err
		}
	}
	e2etest.Eventually(t, "the warning", warned(true))
	for mode, want := range map[os.FileMode]bool{0o600: false, 0o644: true} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		s.Signal(syscall.SIGHUP)
		e2etest.Eventually(t, fmt.Sprintf("the warning with mode %o", mode), warned(want))
	}
}

// webhooks counts those that were received, by the secret that they were signed with.
type webhooks struct {
	url  string
	mu   sync.Mutex
	with map[string]int
}

func receiveWebhooks(t *testing.T, secrets ...string) *webhooks {
	t.Helper()
	w := &webhooks{with: map[string]int{}}
	signers := map[string]*standardwebhooks.Webhook{}
	for _, secret := range secrets {
		signer, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		signers[secret] = signer
	}
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.mu.Lock()
		defer w.mu.Unlock()
		for secret, signer := range signers {
			if signer.Verify(body, r.Header) == nil {
				w.with[secret]++
			}
		}
	}))
	t.Cleanup(receiver.Close)
	w.url = receiver.URL
	return w
}

func (w *webhooks) count(secret string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.with[secret]
}
