package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"sync/atomic"
)

// worthCompressing is the size in bytes from which a document is sent compressed: a shorter one fits into a packet as it is.
const worthCompressing = 1200

// Document is a public document in the forms in which it is sent. It never changes.
type Document struct {
	mediaType, cache string // Content-Type and Cache-Control
	body, gzipped    []byte // gzipped is nil where it is not worth it
	tag              string // the opaque part of the ETag, without quotes
}

// NewDocument makes a document. It compresses it, so keep what is asked for often.
func NewDocument(mediaType, cache string, body []byte) *Document {
	sum := sha256.Sum256(body)
	d := &Document{mediaType: mediaType, cache: cache, body: body, tag: hex.EncodeToString(sum[:12])}
	if len(body) < worthCompressing {
		return d
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(body)
	if err == nil && w.Close() == nil && packed.Len() < len(body) {
		d.gzipped = packed.Bytes()
	}
	return d
}

// Kept holds a document until its body changes, so that it is compressed once and not for each request. Its zero value holds none, and it
// may be used from many goroutines.
type Kept struct {
	last atomic.Pointer[Document]
}

// Of returns the document with the body: the one that is held, or a new one in its place. Media type and caching are the same each time.
func (k *Kept) Of(mediaType, cache string, body []byte) *Document {
	if d := k.last.Load(); d != nil && bytes.Equal(d.body, body) {
		return d
	}
	d := NewDocument(mediaType, cache, body)
	k.last.Store(d)
	return d
}

// Serve answers with the document and an ETag, so that a gateway that polls costs nothing: a request whose If-None-Match has the ETag gets
// 304. What is sent compressed is another representation with another ETag (RFC 9110 section 8.8.3.3), but either stands for both.
func (d *Document) Serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	body, plain, packed := d.body, `"`+d.tag+`"`, `"`+d.tag+`-gzip"`
	tag := plain
	if d.gzipped != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Values("Accept-Encoding")) {
			body, tag = d.gzipped, packed
		}
	}
	h.Set("ETag", tag)
	h.Set("Cache-Control", d.cache)
	if known := r.Header.Values("If-None-Match"); len(known) > 0 && (matchesTag(known, plain) || matchesTag(known, packed)) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", d.mediaType)
	if tag == packed {
		h.Set("Content-Encoding", "gzip")
	}
	_, _ = w.Write(body) // a client that hung up cannot be told more
}

// matchesTag reports whether an If-None-Match, on one line or several, has the tag: any of a list, weak or strong alike, or "*"
// (RFC 9110 sections 8.8.3.2 and 13.1.2). What cannot be read matches nothing, so that the document is sent.
func matchesTag(lines []string, tag string) bool {
	rest := strings.Trim(strings.Join(lines, ","), " \t")
	if rest == "*" {
		return true
	}
	for rest = strings.TrimLeft(rest, ", \t"); rest != ""; rest = strings.TrimLeft(rest, ", \t") {
		opaque, quoted := strings.CutPrefix(strings.TrimPrefix(rest, "W/"), `"`)
		end := strings.IndexByte(opaque, '"') // a comma may be inside the quotes
		if !quoted || end < 0 {
			return false
		}
		if opaque[:end] == tag[1:len(tag)-1] {
			return true
		}
		rest = opaque[end+1:]
	}
	return false
}

// acceptsGzip reads Accept-Encoding (RFC 9110 section 12.5.3) for gzip by its own name.
func acceptsGzip(lines []string) bool {
	for _, line := range lines {
		for coding := range strings.SplitSeq(line, ",") {
			name, weight, _ := strings.Cut(coding, ";")
			if name = strings.TrimSpace(name); !strings.EqualFold(name, "gzip") && !strings.EqualFold(name, "x-gzip") {
				continue
			}
			_, q, weighed := strings.Cut(strings.ToLower(strings.TrimSpace(weight)), "q=")
			return !weighed || strings.Trim(q, "0. ") != ""
		}
	}
	return false
}
