package policy

// Identity is a person at an OpenID provider. Unlike an e-mail address, a subject is never given to somebody else.
type Identity struct {
	Issuer  string `json:"issuer"`
	Subject string `json:"subject"`
}

// SignedInAs returns the user bound to the identity. It is ErrOtherPerson if the user is bound to another identity of the same provider,
// where the e-mail address has a new owner, and ErrServiceUser for a robot. A binding to another provider is replaced, because the operator
// has chosen the new one.
func (u User) SignedInAs(id Identity) (User, error) {
	if u.IsRobot() {
		return u, ErrServiceUser
	}
	if u.OpenID.Issuer == id.Issuer && u.OpenID.Subject != id.Subject {
		return u, ErrOtherPerson
	}
	u.OpenID = id
	return u, nil
}
