package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"mintkey/server/web"
)

func serve(d *web.Document, header http.Header) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header = header
	w := httptest.NewRecorder()
	d.Serve(w, r)
	return w
}

// If-None-Match is a list of entity tags, on one line or several, that are compared weakly, or "*" (RFC 9110 section 13.1.2).
func TestIfNoneMatch(t *testing.T) {
	d := web.NewDocument("text/plain", web.PublicCache, []byte("hello"))
	tag := serve(d, nil).Header().Get("ETag")
	if !strings.HasPrefix(tag, `"`) {
		t.Fatalf("ETag %s is weak, or none", tag)
	}
	for _, c := range []struct {
		lines []string
		want  int
	}{
		{nil, 200},
		{[]string{""}, 200},
		{[]string{tag}, 304},
		{[]string{"W/" + tag}, 304}, // as nginx sends it on, which has compressed the document
		{[]string{"*"}, 304},
		{[]string{" * "}, 304},
		{[]string{`"a", W/"b,c", ` + tag}, 304},
		{[]string{`"a"` + "\t,\t" + tag + ` , "b"`}, 304},
		{[]string{`"a"`, tag}, 304},
		{[]string{`"a",,` + tag}, 304},
		{[]string{`"a", "b"`}, 200},
		{[]string{`"a,` + strings.Trim(tag, `"`) + `,b"`}, 200},
		{[]string{`"a` + strings.Trim(tag, `"`) + `"`}, 200},
		{[]string{strings.Trim(tag, `"`)}, 200},
		{[]string{"w/" + tag}, 200}, // case matters here
		{[]string{`"a`}, 200},
		{[]string{`"*"`}, 200},
	} {
		w := serve(d, http.Header{"If-None-Match": c.lines})
		if w.Code != c.want || w.Header().Get("ETag") != tag || (w.Body.Len() == 0) != (c.want == 304) {
			t.Errorf("If-None-Match %q: %d %v %q, want %d", c.lines, w.Code, w.Header(), w.Body, c.want)
		}
	}
}

// Whoever accepts gzip gets it, as another representation, if that is worth it. Either ETag stands for both.
func TestCompressedDocuments(t *testing.T) {
	text := strings.Repeat("status list ", 1000)
	d := web.NewDocument("text/plain", web.PublicCache, []byte(text))
	plain := serve(d, nil)
	if plain.Body.String() != text || plain.Header().Get("Content-Encoding") != "" || plain.Header().Get("Vary") != "Accept-Encoding" {
		t.Errorf("without Accept-Encoding: %v", plain.Header())
	}
	for accept, want := range map[string]string{
		"gzip": "gzip", "br, gzip;q=0.5": "gzip", "GZIP": "gzip", "x-gzip": "gzip", "gzip; q=1.0": "gzip", "deflate,gzip": "gzip",
		"": "", "br": "", "identity": "", "gzip;q=0": "", "gzip; q=0.000": "", "*": "", "gzipped": "",
	} {
		w := serve(d, http.Header{"Accept-Encoding": {accept}})
		if got := w.Header().Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: %q, want %q", accept, got, want)
		}
		if want == "" {
			continue
		}
		if w.Header().Get("ETag") == plain.Header().Get("ETag") {
			t.Error("two representations have one ETag")
		}
		unpacked, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(unpacked); err != nil || string(body) != text {
			t.Errorf("%v, %d bytes", err, len(body))
		}
		for _, tag := range []string{w.Header().Get("ETag"), plain.Header().Get("ETag")} {
			if again := serve(d, http.Header{"If-None-Match": {"W/" + tag}, "Accept-Encoding": {accept}}); again.Code != 304 {
				t.Errorf("%s again: %d", tag, again.Code)
			}
		}
	}
	small := web.NewDocument("text/plain", web.PublicCache, []byte("short"))
	if w := serve(small, http.Header{"Accept-Encoding": {"gzip"}}); w.Header().Get("Content-Encoding") != "" || w.Body.String() != "short" {
		t.Errorf("a short document: %v", w.Header())
	}
}

// A document is compressed once, however often it is asked for, until its body changes.
func TestKeptDocuments(t *testing.T) {
	var kept web.Kept
	of := func(text string) *web.Document { return kept.Of("text/plain", web.PublicCache, []byte(text)) }
	long := strings.Repeat("key ", 1000)
	first := of(long)
	if of(long) != first {
		t.Error("the same body was compressed again")
	}
	if second := of(long + "!"); second == first || serve(second, nil).Body.String() != long+"!" {
		t.Error("a changed body is not what comes")
	}
	if serve(of(long), nil).Header().Get("ETag") != serve(first, nil).Header().Get("ETag") {
		t.Error("the ETag depends on what was served before")
	}
}

// BenchmarkDocument compares a document that is made for each request with one that is kept.
func BenchmarkDocument(b *testing.B) {
	body := []byte(strings.Repeat("metadata ", 200))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	var kept web.Kept
	for name, of := range map[string]func(mediaType, cache string, body []byte) *web.Document{"new": web.NewDocument, "kept": kept.Of} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				of("text/plain", web.PublicCache, body).Serve(httptest.NewRecorder(), r)
			}
		})
	}
}
