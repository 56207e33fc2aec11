package policy

// Identity is a person at an OpenID provider. Unlike an e-mail address, a subject never passes on to somebody else.
type Identity struct {
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
}

// SignedInAs returns the user bound to the identity, or ErrOtherPerson when the user is bound to another one of the same provider: the
// address has got a new owner there. What another provider said before does not count: whoever runs the server has chosen a new one.
func (u User) SignedInAs(id Identity) (User, error) {
	if u.OpenID.Issuer == id.Issuer && u.OpenID.Subject != id.Subject {
		return u, ErrOtherPerson
	}
	u.OpenID = id
	return u, nil
}
