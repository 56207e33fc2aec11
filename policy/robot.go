package policy

import (
	"errors"
	"time"
)

// The refusals that keep persons and robots apart (R34).
var (
	// ErrServiceUser refuses what would let a robot sign in: a password, a link to choose one or to pick up an access key, and a binding to
	// an OpenID provider.
	ErrServiceUser = errors.New("this user is a robot (of kind service), which never signs in: it has no password and gets no links")
	// ErrKindFixed keeps a robot from becoming a person.
	ErrKindFixed = errors.New("a robot (of kind service) never becomes a person: create a new user")
	// ErrInvalidKind refuses a kind that does not exist.
	ErrInvalidKind = errors.New("the kind of a user is person or service")
)

// IsRobot says whether the user is one who never signs in, and whose e-mail address is only a contact (R34).
func (u User) IsRobot() bool { return u.Kind == KindService }

// CheckKind returns ErrInvalidKind for a kind that nobody can be given.
func CheckKind(kind UserKind) error {
	if kind != KindPerson && kind != KindService {
		return ErrInvalidKind
	}
	return nil
}

// CheckKindChange returns ErrKindFixed if a robot would become a person.
func CheckKindChange(before, after UserKind) error {
	if before == KindService && after != KindService {
		return ErrKindFixed
	}
	return nil
}

// AsRobot returns the user as a robot. It ends every way to sign in, with all sessions, links and tokens that came of one; access keys and
// their tokens go on. A robot stays as it is.
func (u User) AsRobot(now time.Time) User {
	if u.IsRobot() {
		return u
	}
	u.Kind = KindService
	u.Passkeys, u.RecoveryCodes = nil, nil
	return u.Unbound(now).WithPassword("", now)
}
