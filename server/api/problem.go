package api

// Problem is the body of an error (RFC 9457). Code is stable, Detail is for people.
type Problem struct {
	Type      string   `json:"type"`
	Title     string   `json:"title"`
	Status    int      `json:"status"`
	Detail    string   `json:"detail"`
	Code      string   `json:"code"`
	ClientIDs []string `json:"client_ids,omitempty"` // of the keys that are in the way, with key_limit_reached
	// AllowedScopes are the administration scopes that the key's owner can have, with scope_above_owner.
	AllowedScopes []string `json:"allowed_scopes,omitempty"`
	RequestID     string   `json:"request_id,omitempty"`
}
