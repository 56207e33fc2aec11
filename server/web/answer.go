package web

import (
	"encoding/json"
	"net/http"
)

// PublicCache lets gateways cache a public document for five minutes; a signing key is published for ten before it signs.
const PublicCache = "public, max-age=300"

// WriteJSON answers with a body in JSON.
func WriteJSON(w http.ResponseWriter, status int, body any) {
	writeJSONAs(w, "application/json", status, body)
}

func writeJSONAs(w http.ResponseWriter, mediaType string, status int, body any) {
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(body) // the status is sent: a client that hung up cannot be told more
}

// The values of headers that most answers have. They are shared, so nobody changes them in place.
var (
	noStore  = []string{"no-store"}
	noCache  = []string{"no-cache"}
	typeJSON = []string{"application/json"}
)

// SetNoStore keeps an answer out of every cache (RFC 6749 section 5.1).
func SetNoStore(h http.Header) {
	h["Cache-Control"], h["Pragma"] = noStore, noCache
}

// WriteRawJSON answers 200 with a body that is JSON already.
func WriteRawJSON(w http.ResponseWriter, body []byte) {
	w.Header()["Content-Type"] = typeJSON
	_, _ = w.Write(body) // a client that hung up cannot be told more
}
