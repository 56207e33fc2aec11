package store_test

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mintkey/store"
)

// settings are those of a server, of which the issuer is a guess where it is empty.
func settings(issuer, scopes string) []store.Setting {
	if issuer == "" {
		return []store.Setting{{Name: "issuer", Value: "http://127.0.0.1:8080", Guess: true}, {Name: "scopes", Value: scopes}}
	}
	return []store.Setting{{Name: "issuer", Value: issuer}, {Name: "scopes", Value: scopes}}
}

// differing has the stored values of the settings that differ, by name.
func differing(t *testing.T, rows []store.SettingAgreement, err error) map[string]string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, row := range rows {
		if row.Differs {
			found[row.Name] = *row.Stored
		}
	}
	return found
}

func TestTheFirstServerRecordsItsSettings(t *testing.T) {
	s := newBolt(t)
	expect := func(step string, want map[string]string, rows []store.SettingAgreement, err error) {
		t.Helper()
		if diff := cmp.Diff(want, differing(t, rows, err)); diff != "" {
			t.Errorf("%s: what differs from the store (-want +got):\n%s", step, diff)
		}
	}
	none := map[string]string{}
	compare := func(own []store.Setting) ([]store.SettingAgreement, error) {
		return store.CompareSettings(t.Context(), s, own)
	}
	record := func(own []store.Setting) ([]store.SettingAgreement, error) {
		return store.RecordSettings(t.Context(), s, own)
	}

	rows, err := compare(settings("https://a", "api"))
	expect("an empty store", none, rows, err)
	rows, err = record(settings("", "api"))
	expect("the first server, with a guess", none, rows, err)
	rows, err = record([]store.Setting{{Name: "issuer", Value: "http://127.0.0.1:1", Guess: true}, {Name: "scopes", Value: "api"}})
	expect("another guess", none, rows, err)
	rows, err = record(settings("https://a", "api"))
	expect("the first server whose issuer is set", none, rows, err)
	rows, err = record(settings("https://b", "api other"))
	expect("one that differs", map[string]string{"issuer": "https://a", "scopes": "api"}, rows, err)
	rows, err = compare(settings("https://b", "api"))
	expect("one that differs, later", map[string]string{"issuer": "https://a"}, rows, err)
	rows, err = record(settings("", "api"))
	expect("a guess where the issuer is set", map[string]string{"issuer": "https://a"}, rows, err)
	rows, err = compare(settings("https://a", "api"))
	expect("the first one again", none, rows, err)
}

func TestAcceptedSettings(t *testing.T) {
	s := newBolt(t)
	later := []store.Setting{{Name: "of a later version", Value: "1"}}
	for _, own := range [][]store.Setting{settings("https://a", "api"), later} {
		if _, err := store.RecordSettings(t.Context(), s, own); err != nil {
			t.Fatal(err)
		}
	}
	text := func(s string) *string { return &s }
	accept := func(own []store.Setting, want ...store.SettingChange) {
		t.Helper()
		changed, err := store.AcceptSettings(t.Context(), s, own)
		if diff := cmp.Diff(append([]store.SettingChange{}, want...), changed); diff != "" || err != nil {
			t.Errorf("what is reported as changed (-want +got):\n%s%v", diff, err)
		}
	}
	accept(settings("https://b", "api"), store.SettingChange{Name: "issuer", Before: text("https://a"), After: text("https://b")})
	accept(settings("https://b", "api"))
	rows, err := store.CompareSettings(t.Context(), s, settings("https://a", "api"))
	if diff := cmp.Diff(map[string]string{"issuer": "https://b"}, differing(t, rows, err)); diff != "" {
		t.Errorf("what differs for a server that still runs (-want +got):\n%s", diff)
	}
	accept(settings("", "api"), store.SettingChange{Name: "issuer", Before: text("https://b")})
	rows, err = store.CompareSettings(t.Context(), s, settings("https://c", "api"))
	if err != nil || rows[0].Stored != nil || rows[0].Differs {
		t.Errorf("after a guess was accepted: %+v, %v", rows, err)
	}
	accept(settings("https://c", "api"), store.SettingChange{Name: "issuer", After: text("https://c")})
	rows, err = store.CompareSettings(t.Context(), s, []store.Setting{{Name: "of a later version", Value: "2"}})
	if diff := cmp.Diff(map[string]string{"of a later version": "1"}, differing(t, rows, err)); diff != "" {
		t.Errorf("a setting that this version does not know (-want +got):\n%s", diff)
	}
}

// Of servers that start at once exactly one is first, and all others are told.
func TestServersThatStartAtOnce(t *testing.T) {
	s := newBolt(t)
	var running sync.WaitGroup
	agree := make(chan bool, 2)
	for _, scopes := range []string{"api", "api other"} {
		running.Go(func() {
			rows, err := store.RecordSettings(t.Context(), s, settings("https://a", scopes))
			agree <- err == nil && !rows[1].Differs
		})
	}
	running.Wait()
	if first, second := <-agree, <-agree; first == second {
		t.Errorf("both agree: %t; want one", first)
	}
}

// A copy has the settings of what it was made of, so that a server that differs is told after a restore as well.
func TestACopyKeepsTheSettings(t *testing.T) {
	from, to := newBolt(t), newBolt(t)
	if _, err := store.RecordSettings(t.Context(), from, settings("https://a", "api")); err != nil {
		t.Fatal(err)
	}
	if err := store.Copy(t.Context(), to, from); err != nil {
		t.Fatal(err)
	}
	rows, err := store.RecordSettings(t.Context(), to, settings("https://b", "api"))
	if diff := cmp.Diff(map[string]string{"issuer": "https://a"}, differing(t, rows, err)); diff != "" {
		t.Errorf("what differs from the copy (-want +got):\n%s", diff)
	}
}
