package policy

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckPassword returns ErrInvalidPassword for a password too short to be safe or too long to be hashed quickly.
func CheckPassword(password string) error {
	if n := utf8.RuneCountInString(password); n < MinPasswordLength || n > MaxPasswordLength || !utf8.ValidString(password) {
		return ErrInvalidPassword
	}
	return nil
}

// CheckPasswordOf returns ErrPersonalPassword for a password that is the user's e-mail address, the part of it before the @, the name or
// the ID, in any case and with whatever digits and signs: whoever attacks a person knows these. A robot can have none: ErrServiceUser.
func CheckPasswordOf(u User, password string) error {
	if u.IsRobot() {
		return ErrServiceUser
	}
	local, _, _ := strings.Cut(u.Email, "@")
	for _, known := range []string{u.Email, local, u.Name, u.ID} {
		if known != "" && lettersOf(known) == lettersOf(password) {
			return ErrPersonalPassword
		}
	}
	return nil
}

// lettersOf leaves only the letters of a text, in lower case, or the text itself where there are none.
func lettersOf(text string) string {
	letters := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
	if letters == "" {
		return text
	}
	return letters
}
