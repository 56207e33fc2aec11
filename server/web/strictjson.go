package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"mintkey/policy"
)

// decodeStrictly is json.Unmarshal for bodies that others may parse too, such as a filter in front of the server. What encoding/json
// silently folds, merges or repairs is refused here, so that everybody reads the same document (RFC 8259 sections 4 and 8): a member that
// is repeated or in another case, text that is not UTF-8, half of a surrogate pair, null where it is not allowed and, unless allowOthers
// is set, an unknown member. Every error is an ErrInvalidRequest whose text is for the caller.
func decodeStrictly(text []byte, into any, allowOthers bool) error {
	switch {
	case !utf8.Valid(text):
		return Refuse(ErrInvalidRequest, "The body must be UTF-8 text.")
	case !json.Valid(text):
		return Refuse(ErrInvalidRequest, "The body must be one well-formed JSON object and nothing after it.")
	case hasLoneSurrogate(text):
		return Refuse(ErrInvalidRequest, `The body has a \u escape that is half of a surrogate pair.`)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // leave numbers to json.Unmarshal, whose errors name the field
	if err := (strictWalk{decoder, allowOthers}).value(reflect.TypeOf(into), ""); err != nil {
		return err
	}
	err := json.Unmarshal(text, into)
	wrong, isType := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case err == nil:
		return nil
	case isType && wrong.Field != "":
		return Refuse(ErrInvalidRequest, "The field %q must not be a JSON %s.", wrong.Field, wrong.Value)
	case isType:
		return Refuse(ErrInvalidRequest, "The body must be a JSON object.")
	default:
		return Refuse(ErrInvalidRequest, "The body has a value that is not allowed: %s.", err)
	}
}

// nullable is implemented by types that distinguish null from an absent member.
type nullable interface{ AllowsNull() bool }

// strictWalk compares well-formed JSON with the type that it will be decoded into.
type strictWalk struct {
	*json.Decoder
	allowOthers bool
}

// value checks one value, of the given field. A nil type allows anything.
func (w strictWalk) value(t reflect.Type, field string) error {
	token, err := w.Token()
	if err != nil {
		return err
	}
	mayBeNull := t == nil || reflect.PointerTo(t).Implements(reflect.TypeFor[nullable]())
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t != nil && reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		t = nil // it checks its content itself
	}
	switch token {
	case json.Delim('{'):
		return w.object(t)
	case json.Delim('['):
		return w.array(t, field)
	case nil:
		switch {
		case mayBeNull:
			return nil
		case field == "":
			return Refuse(ErrInvalidRequest, "The body must be a JSON object.")
		default:
			return Refuse(ErrInvalidRequest, "The field %q must not be null.", field)
		}
	}
	return nil
}

func (w strictWalk) array(t reflect.Type, field string) error {
	var element reflect.Type
	if t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
		element = t.Elem()
	}
	for w.More() {
		if err := w.value(element, field); err != nil {
			return err
		}
	}
	_, err := w.Token()
	return err
}

func (w strictWalk) object(t reflect.Type) error {
	known, seen := membersOf(t), map[string]bool{}
	for w.More() {
		token, err := w.Token()
		if err != nil {
			return err
		}
		name, _ := token.(string)
		if seen[name] {
			return Refuse(ErrInvalidRequest, "The field %s comes more than once.", policy.Excerpt(name, 40))
		}
		seen[name] = true
		member, ok := known[name]
		if !ok && known != nil {
			if err := w.other(name, known); err != nil {
				return err
			}
		}
		if err := w.value(member, name); err != nil {
			return err
		}
	}
	_, err := w.Token()
	return err
}

// other checks a member that is not known under exactly this name.
func (w strictWalk) other(name string, known map[string]reflect.Type) error {
	for right := range known {
		if strings.EqualFold(name, right) {
			return Refuse(ErrInvalidRequest, "There is an unknown field: %s; it is written %q.", policy.Excerpt(name, 40), right)
		}
	}
	if w.allowOthers {
		return nil
	}
	return Refuse(ErrInvalidRequest, "There is an unknown field: %s.", policy.Excerpt(name, 40))
}

// membersOf returns the members of a struct by their exact names, or nil if any name is allowed.
func membersOf(t reflect.Type) map[string]reflect.Type {
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	known := map[string]reflect.Type{}
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case !field.IsExported(), name == "-", field.Anonymous && name == "":
		case name == "":
			known[field.Name] = field.Type
		default:
			known[name] = field.Type
		}
	}
	return known
}

// hasLoneSurrogate reports whether a string of well-formed JSON has a \u escape of a surrogate without its other half, which encoding/json
// turns into U+FFFD (RFC 8259 section 8.2).
func hasLoneSurrogate(text []byte) bool {
	for {
		at := bytes.IndexByte(text, '\\')
		if at < 0 {
			return false
		}
		text = text[at:]
		switch unit := escapedUnit(text); {
		case unit < 0:
			text = text[len(`\n`):]
		case unit >= 0xDC00 && unit <= 0xDFFF:
			return true
		case unit >= 0xD800 && unit <= 0xDBFF:
			text = text[len(`\uD800`):]
			if low := escapedUnit(text); low < 0xDC00 || low > 0xDFFF {
				return true
			}
			text = text[len(`\uDC00`):]
		default:
			text = text[len(`\u0000`):]
		}
	}
}

// escapedUnit returns the UTF-16 code unit of the \u escape at the start of the text, or -1 if there is none.
func escapedUnit(text []byte) int64 {
	const length = len(`\u0000`)
	if len(text) < length || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	unit, err := strconv.ParseUint(string(text[2:length]), 16, 16)
	if err != nil {
		return -1
	}
	return int64(unit)
}
