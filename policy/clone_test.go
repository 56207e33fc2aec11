package policy_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"mintkey/policy"
)

// fill gives every field that can be reached a value, so that one of a reference type can't hide by being nil.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range v.Len() {
			fill(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.String:
		v.SetString("text")
	default:
	}
}

// shared reports the path of every slice, map and pointer that is the same in both.
func shared(t *testing.T, path string, a, b reflect.Value) {
	t.Helper()
	if a.Type() == reflect.TypeFor[time.Time]() {
		return
	}
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if a.Type().Field(i).IsExported() {
				shared(t, path+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i))
			}
		}
	case reflect.Slice, reflect.Map, reflect.Pointer:
		if a.IsNil() {
			t.Errorf("%s was not filled", path)
		}
		if a.Pointer() == b.Pointer() {
			t.Errorf("%s is shared", path)
		}
		if a.Kind() == reflect.Slice {
			shared(t, path+"[0]", a.Index(0), b.Index(0))
		}
	default:
	}
}

func TestClonesShareNothing(t *testing.T) {
	var subject policy.Subject
	fill(reflect.ValueOf(&subject).Elem())
	clone := subject.Clone()
	if diff := cmp.Diff(subject, clone, cmp.AllowUnexported(policy.Release{})); diff != "" {
		t.Errorf("the clone differs (-original +clone):\n%s", diff)
	}
	shared(t, "Subject", reflect.ValueOf(subject), reflect.ValueOf(clone))
}
