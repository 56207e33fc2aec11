package console_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"
)

func gzipped(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip") }

// Long pages travel compressed for browsers that take it, and say the same as without. Pages with a secret do not.
func TestPagesAreCompressed(t *testing.T) {
	h := newHarness(t)
	h.key("berlin", "grace", "private label", 5)
	ada := h.as("ada")
	packed := ada.get(berlinKeys, gzipped).want(200)
	if got := packed.header.Get("Content-Encoding"); got != "gzip" {
		t.Fatalf("Content-Encoding: %q", got)
	}
	if vary := packed.header.Get("Vary"); !strings.Contains(vary, "Accept-Encoding") {
		t.Errorf("Vary: %q", vary)
	}
	reader, err := gzip.NewReader(strings.NewReader(packed.body))
	h.must(err)
	text, err := io.ReadAll(reader)
	h.must(err)
	if !strings.Contains(string(text), "private label") || len(packed.body) > len(text)/2 {
		t.Errorf("%d bytes for a page of %d", len(packed.body), len(text))
	}
	refused := func(r *http.Request) { r.Header.Set("Accept-Encoding", "gzip;q=0, identity") }
	if got := ada.get(berlinKeys, refused).want(200).says("private label").header.Get("Content-Encoding"); got != "" {
		t.Errorf("the browser refuses gzip: Content-Encoding %q", got)
	}
	create := ada.get(newKey).want(200).filled(form{"user": {"grace"}, "scope": {"api"}, "label": {strings.Repeat("x", 100)}})
	secret := ada.post(newKey, create, gzipped).want(200).says("Client secret")
	if got := secret.header.Get("Content-Encoding"); got != "" || secret.header.Get("No-Gzip-Compression") != "" {
		t.Errorf("a page with a secret: %v", secret.header)
	}
}

// Recovery codes and links to pick up a key are secrets too.
func TestPagesWithCodesAreNotCompressed(t *testing.T) {
	h := newHarness(t, named)
	grace, tom := h.as("grace"), h.as("tom")
	ceremony, options := grace.get(newPasskeyPath).want(200).asked()
	first := form{"name": {"Phone"}, "ceremony": {ceremony}, "answer": {string(h.device().Register(options))}}
	link := tom.get(newKey).want(200).filled(form{
		"user": {"linus"}, "scope": {"api"}, "label": {strings.Repeat("x", 100)}, "hand_over": {"pick-up"},
	})
	for what, p := range map[string]page{
		"first codes": grace.post(newPasskeyPath, first, gzipped).want(200).says("Recovery codes"),
		"new codes":   grace.post(recoveryPath, grace.get(recoveryPath).want(200).filled(form{}), gzipped).want(200).says("Recovery codes"),
		"a link":      tom.post(newKey, link, gzipped).want(200).says("Ready for pick-up"),
	} {
		if got := p.header.Get("Content-Encoding"); got != "" {
			t.Errorf("%s: Content-Encoding %q", what, got)
		}
	}
}
