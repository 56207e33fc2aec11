package tokens

import (
	"encoding/json"
	"errors"
	"slices"
)

// Audience is the aud claim (RFC 7519 section 4.1.3). In JSON one audience is a plain string, because the rules of HAProxy cannot
// match an array; several are an array.
type Audience []string

var errInvalidAudience = errors.New("aud must be a string or an array of strings, none of them empty")

// MarshalJSON writes a string or an array.
func (a Audience) MarshalJSON() ([]byte, error) {
	if len(a) == 1 {
		return json.Marshal(a[0])
	}
	return json.Marshal([]string(a))
}

// UnmarshalJSON reads either form, and refuses one that names no audience: null, "", [] and anything nested (CVE-2020-26160).
func (a *Audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil && one != "" {
		*a = Audience{one}
		return nil
	}
	var many []string
	if json.Unmarshal(data, &many) != nil || len(many) == 0 || slices.Contains(many, "") {
		return errInvalidAudience
	}
	*a = many
	return nil
}
