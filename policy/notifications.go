package policy

// Notifications is what a person has chosen of the mails that they get. Most can't be chosen: what warns of a loss or of a stranger always
// comes. The zero value has every mail.
type Notifications struct {
	// NoNewBrowser turns the mails about sign-ins from browsers that are new off.
	NoNewBrowser bool `json:"no_new_browser,omitempty"`
}

// NewBrowser is what a person is told of a sign-in from a browser that they had not signed in from before.
type NewBrowser struct {
	Browser string `json:"browser,omitempty"` // in words
	Method  string `json:"method"`
}
