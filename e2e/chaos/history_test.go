package chaos_test

import (
	"math"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// Creates, refreshes, revokes and token requests of competing clients can be put in one order that explains every answer: on each store,
// through a failover, and while the slot of the tenant is moved.
func TestHistoriesAreLinearizable(t *testing.T) {
	length := 4 * time.Second
	if *full {
		length = 20 * time.Second
	}
	nothing := func(*deployment) {}
	for _, place := range []struct {
		name    string
		ground  func(*testing.T) *ground
		servers int
		fault   func(*deployment)
	}{
		{"bolt", onBolt, 1, nothing},
		{"redis", onRedis(durable), 2, nothing},
		{"failover", onSentinel(2, true), 2, func(d *deployment) {
			d.quorum.Master.Kill()
			d.quorum.AwaitFailover()
		}},
		{"slot move", onCluster, 2, func(d *deployment) {
			move := d.cluster.BeginMove(d.t, d.hashTag())
			for end := time.Now().Add(length / 2); time.Now().Before(end) && move.Step(); {
				time.Sleep(10 * time.Millisecond)
			}
			move.Finish()
		}},
	} {
		t.Run(place.name, func(t *testing.T) {
			t.Parallel()
			d := deploy(t, place.ground(t), place.servers)
			record(t, d, length/2, length, func() { place.fault(d) }).check()
		})
	}
}

// What the checker must find, and what it must let pass.
func TestTheCheckerCanFail(t *testing.T) {
	made := output{ok: true, id: "k", secret: "s"}
	create, token := input{verb: created, of: 1}, input{verb: asked, id: "k", secret: "s", of: 3}
	revoke, refresh := input{verb: revoked, id: "k", of: 2}, input{verb: refreshed, id: "k", of: 2}
	yes, no, maybe := output{ok: true}, output{}, output{doubtful: true}
	const never = math.MaxInt64
	at := func(call, end int64, in input, out output) porcupine.Operation {
		return porcupine.Operation{Input: in, Output: out, Call: call, Return: end}
	}
	another := func(id string) output { return output{ok: true, id: id, secret: "s"} }
	for name, test := range map[string]struct {
		want    bool
		history []porcupine.Operation
	}{
		"a token before the revoke": {true, []porcupine.Operation{at(1, 2, create, made), at(3, 4, token, yes), at(5, 6, revoke, yes)}},
		"a token after the revoke":  {false, []porcupine.Operation{at(1, 2, create, made), at(3, 4, revoke, yes), at(5, 6, token, yes)}},
		"a token during the revoke": {true, []porcupine.Operation{at(1, 2, create, made), at(3, 6, revoke, yes), at(4, 5, token, yes)}},
		"a good key refused":        {false, []porcupine.Operation{at(1, 2, create, made), at(3, 4, token, no)}},
		"the old secret after a refresh": {false, []porcupine.Operation{
			at(1, 2, create, made), at(3, 4, refresh, output{ok: true, secret: "new"}), at(5, 6, token, yes),
		}},
		"a third key": {false, []porcupine.Operation{
			at(1, 2, create, another("a")), at(3, 4, create, another("b")), at(5, 6, create, another("c")),
		}},
		"a doubtful revoke that was made": {true, []porcupine.Operation{
			at(1, 2, create, made), at(3, never, revoke, maybe), at(5, 6, token, no),
		}},
		"a doubtful revoke that was not made": {true, []porcupine.Operation{
			at(1, 2, create, made), at(3, never, revoke, maybe), at(5, 6, token, yes),
		}},
		"a doubtful revoke that is not undone": {false, []porcupine.Operation{
			at(1, 2, create, made), at(3, never, revoke, maybe), at(5, 6, token, no), at(7, 8, token, yes),
		}},
		"a doubtful revoke that is undone": {true, []porcupine.Operation{
			at(1, 2, create, made), at(3, never, revoke, maybe), at(3, never, input{verb: undone, of: 2}, no),
			at(5, 6, token, no), at(7, 8, token, yes),
		}},
		"an acknowledged revoke that is undone": {false, []porcupine.Operation{
			at(1, 2, create, made), at(3, 4, revoke, yes), at(3, never, input{verb: undone, of: 2}, no), at(5, 6, token, yes),
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := porcupine.CheckOperations(keyModel(), test.history); got != test.want {
				t.Errorf("linearizable: %t, want %t", got, test.want)
			}
		})
	}
}
