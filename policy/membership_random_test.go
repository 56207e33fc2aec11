package policy_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"mintkey/policy"
)

var overlaps = []time.Duration{0, 1, time.Hour, policy.Day, 7*policy.Day - 1, 7 * policy.Day, 7*policy.Day + 1, -1, 1000 * policy.Day}

func TestMembershipStateMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		arg := rapid.IntRange(0, 255)
		t.Repeat(map[string]func(*rapid.T){
			"create":  func(*rapid.T) { w.create() },
			"refresh": func(t *rapid.T) { w.refresh(arg.Draw(t, "key"), rapid.SampledFrom(overlaps).Draw(t, "overlap")) },
			"overlap": func(t *rapid.T) { w.endOverlap(arg.Draw(t, "key")) },
			"repeat":  func(t *rapid.T) { w.repeat(arg.Draw(t, "key")) },
			"revoke":  func(t *rapid.T) { w.revoke(arg.Draw(t, "key")) },
			"suspend": func(t *rapid.T) { w.suspend(arg.Draw(t, "key")) },
			"resume":  func(t *rapid.T) { w.resume(arg.Draw(t, "key")) },
			"revise":  func(t *rapid.T) { w.revise(arg.Draw(t, "change")) },
			"hours":   func(t *rapid.T) { w.pass(time.Duration(arg.Draw(t, "hours")) * time.Hour) },
			"days":    func(t *rapid.T) { w.pass(time.Duration(arg.Draw(t, "days")) * policy.Day) },
			"remove": func(t *rapid.T) {
				if arg.Draw(t, "chance") > 200 {
					w.remove()
				}
			},
			"": func(*rapid.T) { w.verify() },
		})
	})
}

// FuzzMembership reads its input two bytes at a time: an operation and its argument.
func FuzzMembership(f *testing.F) {
	const create, refresh, revoke, revise, hours, days, remove = 0, 1, 2, 3, 4, 5, 6
	const suspend, resume, endOverlap, repeat, operations = 7, 8, 9, 10, 11
	f.Add([]byte{create, 0, create, 0, create, 0})
	f.Add([]byte{create, 0, create, 0, days, 90, create, 0, create, 0, create, 0})
	f.Add([]byte{create, 0, refresh, 5 << 4, hours, 167, hours, 1})
	f.Add([]byte{create, 0, refresh, 5 << 4, days, 3, refresh, 5 << 4, days, 3, refresh, 0})
	f.Add([]byte{create, 0, days, 88, refresh, 5 << 4, days, 2, days, 5})
	f.Add([]byte{create, 0, revise, 0, days, 200, revise, 1, days, 89, create, 0, create, 0, days, 1, create, 0})
	f.Add([]byte{create, 0, revoke, 0, revoke, 0, remove, 0, create, 0})
	f.Add([]byte{create, 0, refresh, 5 << 4, suspend, 0, refresh, 0, create, 0, create, 0, resume, 0, suspend, 0, days, 90, resume, 0})
	f.Add([]byte{create, 0, refresh, 5 << 4, days, 3, endOverlap, 0, endOverlap, 0})
	f.Add([]byte{create, 0, repeat, 0, refresh, 5 << 4, repeat, 0, repeat, 0, create, 0, repeat, 1, endOverlap, 0})
	f.Fuzz(func(t *testing.T, program []byte) {
		w := newWorld(t)
		for len(program) >= 2 && len(w.made) < 200 {
			arg := int(program[1])
			switch program[0] % operations {
			case create:
				w.create()
			case refresh:
				w.refresh(arg%16, overlaps[arg/16%len(overlaps)])
			case repeat:
				w.repeat(arg)
			case revoke:
				w.revoke(arg)
			case revise:
				w.revise(arg)
			case hours:
				w.pass(time.Duration(arg) * time.Hour)
			case days:
				w.pass(time.Duration(arg) * policy.Day)
			case remove:
				w.remove()
			case suspend:
				w.suspend(arg)
			case resume:
				w.resume(arg)
			case endOverlap:
				w.endOverlap(arg)
			}
			w.verify()
			program = program[2:]
		}
	})
}
