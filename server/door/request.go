package door

import (
	"bytes"
	"net/http"
	"strconv"

	"mintkey/server/admission"
)

// request is what tells the lane.
type request struct {
	path                        string
	authorization, cookie, body []byte
	forwarded                   http.Header
	more                        bool // something follows it
}

// parse reads a request, and is false if the text is not a whole one. The text may lack its first byte, which net/http may have read.
func parse(text []byte) (r request, ok bool) {
	head, body, ok := bytes.Cut(text, []byte("\r\n\r\n"))
	if !ok {
		return r, false
	}
	line, head, _ := bytes.Cut(head, []byte("\r\n"))
	if bytes.IndexByte(line, '\n') >= 0 {
		return r, false // net/http takes that for the end of the line
	}
	if words := bytes.Fields(line); len(words) > 1 {
		r.path = string(words[1])
	}
	length := 0
	for len(head) > 0 {
		line, head, _ = bytes.Cut(head, []byte("\r\n"))
		if bytes.IndexByte(line, '\n') >= 0 {
			return r, false
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch value = bytes.TrimSpace(value); {
		case is(name, "Authorization"):
			r.authorization = first(r.authorization, value)
		case is(name, "Cookie"):
			r.cookie = first(r.cookie, value)
		case is(name, "X-Forwarded-For"):
			if r.forwarded == nil {
				r.forwarded = http.Header{}
			}
			r.forwarded.Add("X-Forwarded-For", string(value))
		case is(name, "Content-Length"):
			var err error
			if length, err = strconv.Atoi(string(value)); err != nil || length < 0 || length > len(body) {
				return r, false
			}
		case is(name, "Transfer-Encoding"), is(name, "Expect"), is(name, "Upgrade"):
			return r, false
		}
	}
	r.body, r.more = body[:length], length < len(body)
	return r, true
}

// credentials are those that the request authenticates with, as the handlers have them remembered.
func (r request) credentials(known *admission.Known) admission.Credentials {
	switch {
	case len(r.authorization) > 0:
		return known.OfBytes(r.authorization)
	case len(r.cookie) > 0:
		return known.OfBytes(r.cookie)
	default:
		return known.OfBytes(r.body)
	}
}

func is(name []byte, header string) bool {
	return len(name) == len(header) && bytes.EqualFold(name, []byte(header))
}

func first(before, value []byte) []byte {
	if before != nil {
		return before
	}
	return value
}
