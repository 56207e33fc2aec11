package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
	"path"
	"strings"
)

// Third-party files in static: htmx.min.js is dist/htmx.min.js of npm htmx.org 2.0.11; modern-normalize.css is the file of that name in
// npm modern-normalize 3.0.1. A test checks their digests.
//
//go:embed static
var staticFiles embed.FS

// assets are scripts and style sheets by file name. Their URLs change with their content, so browsers may cache them indefinitely.
type assets map[string]asset

type asset struct {
	plain, packed []byte
	mediaType     string
	tag           string
}

// mediaTypes are given here because mime.TypeByExtension reads the machine's list of a thousand types first, and believes it.
func mediaTypes() map[string]string {
	return map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
}

func loadAssets() assets {
	all, types := assets{}, mediaTypes()
	entries, _ := staticFiles.ReadDir("static") // embedded: never fails
	for _, entry := range entries {
		text, _ := staticFiles.ReadFile("static/" + entry.Name())
		sum := sha256.Sum256(text)
		all[entry.Name()] = asset{
			plain: text, packed: pack(text), mediaType: types[path.Ext(entry.Name())], tag: hex.EncodeToString(sum[:8]),
		}
	}
	return all
}

func pack(text []byte) []byte {
	var packed bytes.Buffer
	writer, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // a level that exists never fails
	_, _ = writer.Write(text)                                       // nor does a buffer
	_ = writer.Close()
	return packed.Bytes()
}

// path is the URL path of a file.
func (a assets) path(name string) string { return "/console/static/" + name + "?" + a[name].tag }

func (a assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := a[r.PathValue("file")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", file.mediaType)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Vary", "Accept-Encoding")
	if r.URL.RawQuery == file.tag {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body := file.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = file.packed
	}
	_, _ = w.Write(body)
}
