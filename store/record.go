package store

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"mintkey/policy"
)

// DecodeRecord reads a record that EncodeRecord wrote, or plain JSON. Members that this version of the program does not know go into
// the Unknown field of the struct that they belong to, if it has one. This holds for the record itself, and for structs and slices of
// structs inside it.
func DecodeRecord[T any](kept []byte) (record T, err error) {
	text, err := UnpackRecord(kept)
	if err != nil {
		return record, err
	}
	// Refusing unknown members is free where there are none, which is nearly always.
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&record) == nil && !decoder.More() {
		return record, nil
	}
	var whole T
	if err := json.Unmarshal(text, &whole); err != nil {
		return record, fmt.Errorf("decode a record: %w", err)
	}
	if err := gatherUnknown(reflect.ValueOf(&whole).Elem(), text); err != nil {
		return record, fmt.Errorf("decode a record: %w", err)
	}
	return whole, nil
}

// EncodeRecord writes a record as JSON, with the unknown members that DecodeRecord has found, packed if it is long.
func EncodeRecord(record any) ([]byte, error) {
	text, err := EncodePlainRecord(record)
	return pack(text), err
}

// EncodePlainRecord is EncodeRecord for what is short, or is written so often that packing would cost more than it saves.
func EncodePlainRecord(record any) ([]byte, error) {
	text, err := json.Marshal(record)
	if v := reflect.ValueOf(record); err == nil && hasUnknown(v) {
		text, err = mergeUnknown(v, text)
	}
	if err != nil {
		return nil, fmt.Errorf("encode a record: %w", err)
	}
	return text, nil
}

// isUnknown says whether the field holds unknown members.
func isUnknown(field reflect.StructField) bool {
	return field.Type == reflect.TypeFor[policy.Unknown]()
}

// eachMember calls f for each field of a struct that is a member of its JSON, by name.
func eachMember(v reflect.Value, visit func(name string, field reflect.Value) error) error {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if !field.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = field.Name
		}
		if err := visit(name, v.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

// unknownOf returns the field for unknown members of a struct; not valid if it has none.
func unknownOf(v reflect.Value) reflect.Value {
	for i := range v.NumField() {
		if isUnknown(v.Type().Field(i)) {
			return v.Field(i)
		}
	}
	return reflect.Value{}
}

// isPlainStruct says whether the members of the JSON are the fields of the struct: not for a time, for example.
func isPlainStruct(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return t.Kind() == reflect.Struct &&
		!p.Implements(reflect.TypeFor[json.Unmarshaler]()) &&
		!p.Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

func isListOfStructs(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && isPlainStruct(t.Elem())
}

func hasUnknown(v reflect.Value) bool {
	switch {
	case !v.IsValid():
		return false
	case isListOfStructs(v.Type()):
		for i := range v.Len() {
			if hasUnknown(v.Index(i)) {
				return true
			}
		}
	case isPlainStruct(v.Type()):
		for i := range v.NumField() {
			if isUnknown(v.Type().Field(i)) && v.Field(i).Len() > 0 || hasUnknown(v.Field(i)) {
				return true
			}
		}
	}
	return false
}

func gatherUnknown(v reflect.Value, text []byte) error {
	switch {
	case isListOfStructs(v.Type()):
		var items []json.RawMessage
		if err := json.Unmarshal(text, &items); err != nil {
			return err
		}
		for i, item := range items {
			if err := gatherUnknown(v.Index(i), item); err != nil {
				return err
			}
		}
	case isPlainStruct(v.Type()):
		var members map[string]json.RawMessage
		if err := json.Unmarshal(text, &members); err != nil {
			return err
		}
		return gatherMembers(v, members)
	}
	return nil
}

func gatherMembers(v reflect.Value, members map[string]json.RawMessage) error {
	err := eachMember(v, func(name string, field reflect.Value) error {
		for found, text := range members {
			if !strings.EqualFold(found, name) { // as encoding/json matches them
				continue
			}
			delete(members, found)
			if err := gatherUnknown(field, text); err != nil {
				return err
			}
		}
		return nil
	})
	unknown := unknownOf(v)
	if err != nil || len(members) == 0 || !unknown.IsValid() {
		return err
	}
	text, err := json.Marshal(members)
	unknown.SetString(string(text))
	return err
}

func mergeUnknown(v reflect.Value, text []byte) ([]byte, error) {
	switch {
	case isListOfStructs(v.Type()):
		var items []json.RawMessage
		if err := json.Unmarshal(text, &items); err != nil {
			return nil, err
		}
		for i, item := range items {
			merged, err := mergeUnknown(v.Index(i), item)
			if err != nil {
				return nil, err
			}
			items[i] = merged
		}
		return json.Marshal(items)
	case isPlainStruct(v.Type()):
		var members map[string]json.RawMessage
		if err := json.Unmarshal(text, &members); err != nil {
			return nil, err
		}
		return mergeMembers(v, members)
	default:
		return text, nil
	}
}

func mergeMembers(v reflect.Value, members map[string]json.RawMessage) ([]byte, error) {
	err := eachMember(v, func(name string, field reflect.Value) error {
		text, present := members[name]
		if !present || !hasUnknown(field) {
			return nil
		}
		merged, err := mergeUnknown(field, text)
		members[name] = merged
		return err
	})
	if err != nil {
		return nil, err
	}
	if unknown := unknownOf(v); unknown.IsValid() && unknown.Len() > 0 {
		if err := json.Unmarshal([]byte(unknown.String()), &members); err != nil {
			return nil, err
		}
	}
	return json.Marshal(members)
}
