package policy

import "errors"

// SecondFactorRule says of whom an account asks for a second factor. The empty rule is SecondFactorOptional.
type SecondFactorRule string

// The rules. Admins are tenant admins, account admins and operators.
const (
	SecondFactorOptional          SecondFactorRule = "optional"
	SecondFactorRequiredForAdmins SecondFactorRule = "required_for_admins"
)

// ErrInvalidSecondFactor refuses a rule that does not exist.
var ErrInvalidSecondFactor = errors.New("second_factor is optional or required_for_admins")

// SecondFactorOf is the account's rule.
func (a Account) SecondFactorOf() SecondFactorRule {
	if a.SecondFactor == "" {
		return SecondFactorOptional
	}
	return a.SecondFactor
}

// WithSecondFactor returns the account with the rule. To require a second factor takes somebody who has one: ErrNoPasskey keeps people from
// locking themselves out.
func (a Account) WithSecondFactor(rule SecondFactorRule, by User) (Account, error) {
	switch rule {
	case SecondFactorOptional:
		a.SecondFactor = ""
	case SecondFactorRequiredForAdmins:
		if !by.HasSecondFactor() && a.SecondFactor != rule {
			return a, ErrNoPasskey
		}
		a.SecondFactor = rule
	default:
		return a, ErrInvalidSecondFactor
	}
	return a, nil
}

// StillSignedIn says whether a session that began by the method is good as the user is now: one by the password alone is not, once there is
// a second factor.
func (u User) StillSignedIn(method string) bool {
	return method != MethodPassword || !u.HasSecondFactor()
}

// MustRegister says whether somebody with the standing, who has signed in by the method, can do nothing before they have registered a
// passkey. A second factor of those who sign in at an OpenID provider is the provider's concern.
func (a Account) MustRegister(u User, standing Authority, method string) bool {
	return a.SecondFactorOf() == SecondFactorRequiredForAdmins && standing >= AuthorityTenantAdmin &&
		method != MethodOpenID && !u.HasSecondFactor()
}
