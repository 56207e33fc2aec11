package web

import (
	"net/url"
	"slices"
	"strings"
)

// Form is the parameters of a form, in any order but for those of one name.
type Form []parameter

type parameter struct{ name, value string }

// manyParameters is how many are too many to look for one by one; no request of a client has so many.
const manyParameters = 16

// parseParameters reads the form as url.ParseQuery does, but without a map.
func parseParameters(text string) (Form, error) {
	n := strings.Count(text, "&") + 1
	if n > manyParameters || strings.Contains(text, ";") {
		return parseWithMap(text)
	}
	form := make(Form, 0, n)
	for part := range strings.SplitSeq(text, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, err
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return nil, err
		}
		form = append(form, parameter{name, value})
	}
	return form, nil
}

func parseWithMap(text string) (form Form, err error) {
	values, err := url.ParseQuery(text)
	for name, all := range values {
		for _, value := range all {
			form = append(form, parameter{name, value})
		}
	}
	return form, err
}

// Get returns the first value of a parameter, empty if there is none.
func (f Form) Get(name string) string {
	for _, p := range f {
		if p.name == name {
			return p.value
		}
	}
	return ""
}

// All returns every value of a parameter.
func (f Form) All(name string) (values []string) {
	for _, p := range f {
		if p.name == name {
			values = append(values, p.value)
		}
	}
	return values
}

// repeated returns the name of a parameter that comes more than once, but for those that may.
func (f Form) repeated(may string) (name string, found bool) {
	if len(f) > manyParameters {
		f = slices.Clone(f)
		slices.SortFunc(f, func(a, b parameter) int { return strings.Compare(a.name, b.name) })
		for i := range f[1:] {
			if name = f[i].name; name == f[i+1].name && name != may {
				return name, true
			}
		}
		return "", false
	}
	for i, p := range f {
		if p.name != may && slices.ContainsFunc(f[:i], func(earlier parameter) bool { return earlier.name == p.name }) {
			return p.name, true
		}
	}
	return "", false
}
