package policy

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
)

// Release is the product release that a tenant was created for, such as 24.3. The zero value means no release.
type Release struct {
	year, number, patch int
	text                string
}

// firstKeysOnly is the first release whose tenants may not use passwords.
var firstKeysOnly = Release{year: 2024, number: 3, text: "24.3"}

// Two or four digits of a year of this century, a point and a number, which older releases wrote as a month in two digits; then perhaps
// another point and number.
var releasePattern = regexp.MustCompile(`^(?:20)?([0-9]{2})\.([0-9]{1,3})(?:\.([0-9]{1,3}))?$`)

// ParseRelease reads "24.3", "2023.07" or "24.3.1" (R21). Anything else is ErrInvalidRelease.
func ParseRelease(text string) (Release, error) {
	parts := releasePattern.FindStringSubmatch(text)
	if parts == nil {
		return Release{}, fmt.Errorf("%w; %s is not one", ErrInvalidRelease, Excerpt(text, 40))
	}
	var numbers [3]int
	for i, part := range parts[1:] {
		numbers[i], _ = strconv.Atoi(part) // at most three digits; a part that is left out is 0
	}
	return Release{year: 2000 + numbers[0], number: numbers[1], patch: numbers[2], text: text}, nil
}

// Compare orders releases as numbers, part by part: 24.10 is after 24.3, and 2024.03, 24.3 and 24.3.0 are equal.
func (r Release) Compare(other Release) int {
	return cmp.Or(cmp.Compare(r.year, other.year), cmp.Compare(r.number, other.number), cmp.Compare(r.patch, other.patch))
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
