package server_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"mintkey/policy"
)

var (
	modelSteps = flag.Int("model-steps", 100, "how many changes each run of TestModel makes; make test-all makes 5,000")
	modelSeed  = flag.Uint64("model-seed", 0, "the seed of TestModel, as a failure names it; 0: another one each time")
)

// modelRun drives two servers and the model through the same random changes.
type modelRun struct {
	*model
	t       *testing.T
	random  *rand.Rand
	servers [2]*world
	admins  []*modelAdmin
	steps   []string // the last ones
	read    string   // up to where the audit trail has been checked
}

// modelAdmin is somebody who changes what is others'. Their own records stay as they are.
type modelAdmin struct {
	person
	authority int
	renewed   time.Time
}

// Random changes by everybody, on two servers, against a slow and obvious model: what each answers, who gets which tokens, which tokens
// live, at most two keys and two secrets, nothing wider than owner, ceiling and fences allow, and the reason of each refusal in the trail.
func TestModel(t *testing.T) {
	onTwoServers(t, func(w, second *world) {
		seed := *modelSeed
		if seed == 0 {
			seed = rand.Uint64()
		}
		r := &modelRun{t: w.T, random: rand.New(rand.NewPCG(seed, 0)), servers: [2]*world{w, second}}
		defer func() {
			if w.Failed() {
				w.Logf("run with -model-seed=%d -model-steps=%d; the last steps were:", seed, *modelSteps)
				for _, step := range r.steps {
					w.Log(step)
				}
			}
		}()
		r.settle()
		for step := 0; step < *modelSteps && !w.Failed(); step++ {
			r.step()
			r.check()
			if step%40 == 39 || step == *modelSteps-1 {
				r.checkRefusals()
			}
		}
		r.checkAll()
		r.checkRefusals()
	})
}

func (r *modelRun) settle() {
	w := r.servers[0]
	r.model = &model{now: start, revisions: []modelRevision{{start, 90}}, users: map[string]*modelUser{}, refused: map[modelRefusal]int{}}
	r.admins = []*modelAdmin{{w.olga, operator, start}, {w.ada, accountAdmin, start}, {w.max, tenantAdmin, start}}
	for _, id := range []string{"una", "uwe", "uli", "robot"} {
		user := map[string]any{"id": id, "email": id + "@acme.example", "name": id}
		if id == "robot" {
			user["kind"] = "service"
		}
		w.post(w.olga, acmeUsers, user).want(201)
		r.users[id] = &modelUser{id: id, robot: id == "robot", roles: map[string]string{}, joined: map[string]int{}}
		for _, tenant := range []string{"mill", "forge"} {
			r.join(r.users[id], tenant, policy.RoleMember)
		}
	}
}

// step makes one random change.
func (r *modelRun) step() {
	r.pass()
	r.keys = slices.DeleteFunc(r.keys, func(k *modelKey) bool { return !k.gone && r.forgotten(k) })
	changes := []struct {
		weight int
		change func()
	}{
		{20, r.create},
		{15, r.refreshKey},
		{4, r.endOverlap},
		{8, r.rotate},
		{15, r.repeat},
		{4, r.suspendKey},
		{6, r.resumeKey},
		{10, r.patchKey},
		{3, r.revokeKey},
		{1, r.revokeAll},
		{4, r.transfer},
		{3, r.changeRole},
		{1, r.removeMember},
		{1, r.ability},
		{1, r.suspendMill},
		{2, r.revise},
		{6, r.undo},
	}
	total := 0
	for _, c := range changes {
		total += c.weight
	}
	n := r.random.IntN(total)
	for _, c := range changes {
		if n -= c.weight; n < 0 {
			c.change()
			return
		}
	}
}

// pass lets time pass: mostly seconds, now and then days, or up to the very end of a key or an overlap.
func (r *modelRun) pass() {
	at := r.now
	switch n := r.random.IntN(100); {
	case n < 15: // at the same instant
	case n < 80:
		at = at.Add(time.Duration(r.random.IntN(90_000)) * time.Millisecond)
	case n < 92:
		at = at.Add(time.Duration(r.random.IntN(12*60)) * time.Minute)
	case n < 93:
		at = at.Add(time.Duration(r.random.IntN(40)) * 24 * time.Hour)
	default:
		if k := r.anyKey(); k != nil {
			ends := r.ends(k)
			if s := r.overlap(k); s != nil {
				ends = s.ends
			}
			if ends = ends.Add(-time.Duration(r.random.IntN(3)) * 500 * time.Millisecond); ends.After(at) {
				at = ends
			}
		}
	}
	r.set(at)
}

func (r *modelRun) set(at time.Time) {
	r.now = at
	r.servers[0].clock.set(at)
	for _, a := range r.admins { // theirs expire as well
		if at.Sub(a.renewed) > 89*24*time.Hour {
			r.servers[0].clock.set(later(at, a.renewed.Add(90*24*time.Hour)))
			a.person, a.renewed = r.servers[0].giveKey(a.person, everyScope()...), r.servers[0].clock.now()
			r.now = a.renewed
		}
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (r *modelRun) server() *world { return r.servers[r.random.IntN(2)] }

// ask sends a change to one of the servers. It wants it to be refused with one of the codes that are not empty, and else done.
func (r *modelRun) ask(as caller, idempotencyKey, method, path string, body any, codes ...string) (answer, bool) {
	r.t.Helper()
	w, name := r.server(), "first"
	if w == r.servers[1] {
		name = "second"
	}
	token := as.token(w)
	request := w.request(method, path, body)
	request.Header.Set("Authorization", "Bearer "+token)
	if idempotencyKey != "" {
		request.Header.Set("Idempotency-Key", idempotencyKey)
	}
	a := w.do(request)
	codes = slices.DeleteFunc(codes, func(code string) bool { return code == "" })
	r.note("%s %s %v %s, by the %s server: %d %s", method, path, body, idempotencyKey, name, a.status, a.peek("code"))
	switch done := a.status < 300; {
	case done && len(codes) > 0:
		r.t.Errorf("%s %s %v was done; want %q", method, path, body, codes)
	case !done && !slices.Contains(codes, a.peek("code")):
		r.t.Errorf("%s %s %v: %d %s; want %q", method, path, body, a.status, a.body, codes)
	}
	return a, a.status < 300
}

func (r *modelRun) note(format string, args ...any) {
	if len(r.steps) == 40 {
		r.steps = r.steps[1:]
	}
	r.steps = append(r.steps, r.now.Format(time.RFC3339Nano)+" "+fmt.Sprintf(format, args...))
}

func anyOf[T any](r *modelRun, list []T) (one T) {
	if len(list) > 0 {
		one = list[r.random.IntN(len(list))]
	}
	return one
}

func (r *modelRun) anyUser() *modelUser { return r.users[anyOf(r, slices.Sorted(maps.Keys(r.users)))] }

func (r *modelRun) anyTenant() string { return anyOf(r, []string{"mill", "mill", "forge"}) }

// anyKey is one that is listed, and mostly one that has not expired, or nil.
func (r *modelRun) anyKey() *modelKey {
	too := r.random.IntN(8) == 0
	return anyOf(r, slices.DeleteFunc(slices.Clone(r.keys), func(k *modelKey) bool { return k.gone || r.expired(k) && !too }))
}

// admin is somebody who can manage the keys of the tenant.
func (r *modelRun) admin(tenant string) *modelAdmin {
	if tenant != "mill" || r.suspended {
		return r.admins[r.random.IntN(2)]
	}
	return anyOf(r, r.admins)
}

func (k *modelKey) path(below string) string {
	return "/admin/v1/tenants/" + k.tenant + "/keys/" + k.clientID + below
}

// fromInside is an address in the network of the fence, or else outside of it.
func (r *modelRun) from(inside bool) func(*http.Request) {
	network := "192.0.2."
	if inside {
		network = "198.51.100."
	}
	return from(fmt.Sprint(network, 1+r.random.IntN(250)))
}
