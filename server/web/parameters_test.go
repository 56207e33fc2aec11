package web_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"mintkey/server/web"
)

func parse(body string) (web.Form, error) {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return web.ParseForm(httptest.NewRecorder(), r)
}

// A form means what it means to net/url: whatever that refuses is refused, and so is what it would take twice.
func FuzzFormsMeanWhatNetURLSays(f *testing.F) {
	for _, body := range []string{
		"", "a", "a=", "=b", "&&", "a=1&b=2", "a=1&a=2", "resource=1&resource=2&b", "a=%C3%A4+b%00", "a=%", "%=1", "a;b=1", "a=1;b=2", "a=b=c",
		strings.Repeat("&", 40), "resource=x&" + strings.Repeat("resource=y&", 30) + "z=1", many(40), many(40) + "&p3=1", "a=\xff", "a=%ff",
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if len(body) > web.MaxFormBytes {
			return
		}
		want, wantErr := url.ParseQuery(body)
		refuse := wantErr != nil
		for name, values := range want {
			refuse = refuse || len(values) > 1 && name != "resource" || !plain(name) || !plain(strings.Join(values, " "))
		}
		form, err := parse(body)
		if (err != nil) != refuse {
			t.Fatalf("error %v, want one: %v", err, refuse)
		}
		if err != nil {
			return
		}
		count := 0
		for name, values := range want {
			count += len(values)
			if got := form.All(name); !slices.Equal(got, values) || form.Get(name) != want.Get(name) {
				t.Errorf("%q is %q, want %q", name, got, values)
			}
		}
		if len(form) != count {
			t.Errorf("%d parameters, want %d", len(form), count)
		}
	})
}

func plain(text string) bool {
	return strings.ToValidUTF8(text, "") == text && !strings.Contains(text, "\x00")
}

func many(n int) string {
	var parts []string
	for i := range n {
		parts = append(parts, fmt.Sprintf("p%d=%d", i, i))
	}
	return strings.Join(parts, "&")
}

// What was read ahead is read again, and then the rest, however large the body is said to be.
func TestABodyThatWasReadAheadIsWhole(t *testing.T) {
	for _, size := range []int{1, 127, 128, 129, 1000, web.MaxFormBytes, web.MaxFormBytes + 1, web.MaxFormBytes + 2, 200_000} {
		for _, known := range []bool{true, false} {
			checkReadAhead(t, size, known)
		}
	}
}

func checkReadAhead(t *testing.T, size int, known bool) {
	t.Helper()
	text := strings.Repeat("x", size-1) + "y"
	said := int64(size)
	if !known {
		said = -1
	}
	body, err := web.ReadAhead(readCloser{strings.NewReader(text)}, said, web.MaxFormBytes+1)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(body.Ahead()), text[:min(size, web.MaxFormBytes+1)]; got != want {
		t.Errorf("%d bytes were read ahead, want %d", len(got), len(want))
	}
	if got := readAll(t, body); got != text {
		t.Errorf("%d bytes in all, want %d", len(got), size)
	}
	if short, err := web.ReadAhead(readCloser{strings.NewReader(text[1:])}, int64(size), int64(size)); err == nil {
		t.Errorf("a body that ends early was taken: %d bytes", len(short.Ahead()))
	}
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	all, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}
