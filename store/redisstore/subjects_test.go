package redisstore_test

import (
	"regexp"
	"testing"

	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

func TestSubjectByClientIDReadsFourRecordsInTheSteadyState(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	seed(t, s)
	mustUpdate(t, s, addKey("mk_one"))
	for range 2 {
		server.Do("CONFIG", "RESETSTAT")
		if err := works(t, s, "mk_one"); err != nil {
			t.Fatal(err)
		}
	}
	calls := regexp.MustCompile(`cmdstat_get:calls=(\d+),`).FindStringSubmatch(server.Do("INFO", "commandstats"))
	if len(calls) != 2 || calls[1] != "4" {
		t.Errorf("GETs for one look-up: %q, want 4", calls)
	}
}

func BenchmarkSubjectByClientID(b *testing.B) {
	server := redistest.StartUnix(b)
	s, err := redisstore.Open(b.Context(), server.URL())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	seed(b, s)
	mustUpdate(b, s, addKey("mk_one"))
	mustUpdate(b, s, addKey("mk_two"))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := s.SubjectByClientID(b.Context(), "mk_one"); err != nil {
				b.Error(err)
				return
			}
		}
	})
}
