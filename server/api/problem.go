package api

// Problem is the body of an error (RFC 9457). Code is stable, Detail is for people.
type Problem struct {
	Type      string   `json:"type"`
	Title     string   `json:"title"`
	Status    int      `json:"status"`
	Detail    string   `json:"detail"`
	Code      string   `json:"code"`
	ClientIDs []string `json:"client_ids,omitempty"` // the user's existing keys, with key_limit_reached
	Allowed   []string `json:"allowed,omitempty"`    // the values that are accepted instead, such as scopes with scope_above_owner
	Forgotten bool     `json:"forgotten,omitempty"`  // with position_lost: events behind the position are gone for good
	RequestID string   `json:"request_id,omitempty"`
}
