package redisstore_test

import (
	"regexp"
	"slices"
	"testing"

	"mintkey/store/redisstore"
	"mintkey/store/redistest"
)

func TestSubjectByClientIDIsOneCommandInTheSteadyState(t *testing.T) {
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
	var names []string
	for _, match := range regexp.MustCompile(`cmdstat_(\w+):calls=(\d+),`).FindAllStringSubmatch(server.Do("INFO", "commandstats"), -1) {
		if name := match[1]; name != "config" && name != "info" {
			names = append(names, match[1]+" "+match[2])
		}
	}
	if !slices.Equal(names, []string{"mget 1"}) {
		t.Errorf("commands for one look-up: %q, want one MGET", names)
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
