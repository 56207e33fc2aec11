package storetest

import (
	"encoding/json"
	"reflect"
	"testing"

	"mintkey/policy"
	"mintkey/store"
)

func aliasingCases() []testCase {
	return []testCase{
		{"what is read belongs to the reader", readBelongsToReader},
		{"what is written is copied", writtenIsCopied},
		{"what a change is given belongs to it", changeOwnsItsArgument},
	}
}

// scribble overwrites all that can be reached from v: elements of slices and maps, fields, behind pointers.
func scribble(v any) { scribbleOver(reflect.ValueOf(v)) }

func scribbleOver(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		scribbleOver(v.Elem())
	case reflect.Struct:
		for _, field := range v.Fields() {
			scribbleOver(field)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			scribbleOver(v.Index(i))
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			scribbleOver(v.MapIndex(key))
			v.SetMapIndex(key, reflect.Zero(v.Type().Elem()))
		}
	default:
		if v.CanSet() {
			v.SetZero()
		}
	}
}

// inJSON is a deep copy to compare with.
func inJSON(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	check(t, err)
	return string(text)
}

func readBelongsToReader(t testing.TB, at place) {
	s := at.connect(t)
	Populate(t, s)
	for _, r := range reads() {
		for range 2 { // the second may come out of a cache
			got, err := r.run(t.Context(), s)
			check(t, err)
			want := inJSON(t, got)
			scribble(got)
			got, err = r.run(t.Context(), s)
			check(t, err)
			equal(t, r.name+" after an earlier result was overwritten", inJSON(t, got), want)
		}
	}
}

func writtenIsCopied(t testing.TB, at place) {
	s := at.connect(t)
	ctx := t.Context()
	a, u, e, m := account(acme), user(acme, ada), event(acme, load, 1), membership(load, ada, "mk_1", "mk_2")
	document := []byte("document")
	check(t, s.CreateAccount(ctx, a))
	check(t, s.CreateUser(ctx, u))
	check(t, s.CreateTenant(ctx, tenant(t, acme, load)))
	put(t, s, m, e)
	check(t, s.UpdateDocument(ctx, "signing-keys", func([]byte) ([]byte, error) { return document, nil }))
	scribble(&a)
	scribble(&u)
	scribble(&m)
	scribble(&e)
	scribble(&document)

	subject, err := s.SubjectByClientID(ctx, "mk_1")
	check(t, err)
	equal(t, "subject", subject, policy.Subject{
		Account: account(acme), Tenant: tenant(t, acme, load), User: user(acme, ada),
		Membership: membership(load, ada, "mk_1", "mk_2"),
	})
	gotAccount, err := s.Account(ctx, acme)
	check(t, err)
	equal(t, "account", gotAccount, account(acme))
	events, err := s.Events(ctx, acme, store.EventsQuery{Limit: 100})
	check(t, err)
	equal(t, "events", events, []policy.Event{event(acme, load, 1)})
	wantDocument(t, s, "signing-keys", "document")
}

// changeOwnsItsArgument overwrites what each change was given, and then refuses.
func changeOwnsItsArgument(t testing.TB, at place) {
	s := at.connect(t)
	ctx := t.Context()
	Populate(t, s)
	before := Everything(t, s)
	wantRefused(t, s.UpdateAccount(ctx, acme, func(a policy.Account) (policy.Account, []policy.Event, error) {
		scribble(&a)
		return a, nil, errRefused
	}))
	wantRefused(t, s.UpdateUser(ctx, acme, ada, func(u policy.User) (policy.User, []policy.Event, error) {
		scribble(&u)
		return u, nil, errRefused
	}))
	wantRefused(t, s.UpdateMembership(ctx, load, ada, func(m policy.Membership) (policy.Membership, []policy.Event, error) {
		scribble(&m)
		return m, nil, errRefused
	}))
	wantRefused(t, s.UpdateDocument(ctx, "signing-keys", func(document []byte) ([]byte, error) {
		scribble(&document)
		return document, errRefused
	}))
	equal(t, "everything", Everything(t, s), before)
}

// Everything is what all reads of what Populate has written return, in JSON, by the name of the read. Two stores with the same
// contents give the same.
func Everything(t testing.TB, s store.Store) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, r := range reads() {
		got, err := r.run(t.Context(), s)
		if err != nil {
			t.Errorf("%s: %v", r.name, err)
		}
		found[r.name] = inJSON(t, got)
	}
	return found
}
