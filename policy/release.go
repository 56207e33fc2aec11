package policy

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
)

// Release is the product release that a tenant was created for, such as 24.3. The zero value means no release.
type Release struct {
	year, number int
	text         string
}

// firstKeysOnly is the first release whose tenants may not use passwords.
var firstKeysOnly = Release{year: 2024, number: 3, text: "24.3"}

// Two or four digits of a year of this century, a point, and a number. Leading zeros are refused: "24.03" may be a month, and the release
// of a tenant can never be corrected.
var releasePattern = regexp.MustCompile(`^(?:20)?([0-9]{2})\.(0|[1-9][0-9]{0,2})$`)

// ParseRelease reads "24.3", or "2024.3" as older releases were written. Anything else is ErrInvalidRelease.
func ParseRelease(text string) (Release, error) {
	parts := releasePattern.FindStringSubmatch(text)
	if parts == nil {
		return Release{}, fmt.Errorf("%w; %s is not one", ErrInvalidRelease, Excerpt(text, 40))
	}
	year, err := strconv.Atoi(parts[1])
	if err != nil {
		return Release{}, fmt.Errorf("%w: %w", ErrInvalidRelease, err)
	}
	number, err := strconv.Atoi(parts[2])
	if err != nil {
		return Release{}, fmt.Errorf("%w: %w", ErrInvalidRelease, err)
	}
	return Release{year: 2000 + year, number: number, text: text}, nil
}

// Compare orders releases by year, then by number: 24.10 is after 24.3, and 2024.3 equals 24.3.
func (r Release) Compare(other Release) int {
	return cmp.Or(cmp.Compare(r.year, other.year), cmp.Compare(r.number, other.number))
}

// AllowsPassword says whether tenants of this release may use the password grant (R20). The zero Release, which stands for a tenant that
// does not exist, does not allow it.
func (r Release) AllowsPassword() bool {
	return r.text != "" && r.Compare(firstKeysOnly) < 0
}

// String is the release as it was written.
func (r Release) String() string { return r.text }

// MarshalText is String.
func (r Release) MarshalText() ([]byte, error) { return []byte(r.text), nil }

// UnmarshalText is ParseRelease.
func (r *Release) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRelease(string(text))
	return err
}
