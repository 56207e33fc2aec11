package redisstore_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"mintkey/store"
	"mintkey/store/redistest"
)

// All that traffic writes dies by itself, but not before it is of no use; also when it is of another time than that of Redis.
func TestTrafficHasTimeToLive(t *testing.T) {
	server := redistest.Start(t)
	s := opened(t, server.URL())
	key := store.TrafficKey{TrafficSource: store.TrafficSource{AccountID: "acme", TenantID: "load", ClientID: "mk_1"}, Minute: 60 * 24 * 60}
	if err := s.RecordTraffic(t.Context(), map[store.TrafficKey]store.TrafficCounts{key: {store.TokenIssued: 1}}); err != nil {
		t.Fatal(err)
	}
	const schema = 1
	kept := []time.Duration{2 * time.Hour, 8 * 24 * time.Hour, 92 * 24 * time.Hour}
	chunks := []int{24 * 60, 24, 1} // of 60 minutes, hours and days since 1970
	want := schema
	for step, chunk := range chunks {
		for _, name := range []string{
			"{a:acme}:traffic:%d:%d:",
			"{a:acme}:traffic:%d:%d:load",
			"{t:load}:traffic:%d:%d:mk_1",
			"{a:acme}:traffic-ranking:%d:%d",
			"{t:load}:traffic-ranking:%d:%d",
		} {
			want++
			name = "mintkey:" + fmt.Sprintf(name, step, chunk)
			seconds, err := strconv.Atoi(server.Do("TTL", name))
			if life := time.Duration(seconds) * time.Second; err != nil || life < kept[step] || life > 2*kept[step] {
				t.Errorf("%s lives %v, must be readable for %v", name, life, kept[step])
			}
		}
	}
	if got := server.Do("DBSIZE"); got != strconv.Itoa(want) {
		t.Errorf("Redis holds %s keys, want %d", got, want)
	}
}
