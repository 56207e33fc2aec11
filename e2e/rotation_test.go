package e2e_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"mintkey/e2e/internal/e2etest"
)

var rotations = flag.Int("rotations", 30, "how often keys are rotated under load, and killed meanwhile; make test-all does it 1,000 times")

// rotator is a program's access key that rotates itself into a file.
type rotator struct {
	*deployment
	first accessKey
	file  string
	proxy *stopper
}

func newRotator(d *deployment) *rotator {
	d.t.Helper()
	id := fmt.Sprintf("robot-%d", rand.Uint64())
	d.addMember(id)
	r := &rotator{deployment: d, file: filepath.Join(d.t.TempDir(), "key.json"), proxy: newStopper(d.t, d.servers[0].URL)}
	body := map[string]any{"user_id": id, "scopes": []string{"api", "rotate"}}
	d.admin.must(http.StatusCreated, http.MethodPost, d.keysPath(), body, &r.first)
	return r
}

// command is one run of mintkey keys rotate.
func (r *rotator) command() *exec.Cmd {
	cmd := exec.Command(mintkey, "keys", "rotate", "--self", "--out", r.file)
	cmd.Dir = filepath.Dir(r.file)
	cmd.Env = append(e2etest.CleanEnviron(), "MINTKEY_URL="+r.proxy.url,
		"MINTKEY_CLIENT_ID="+r.first.ClientID, "MINTKEY_CLIENT_SECRET="+r.first.ClientSecret)
	return cmd
}

// rotate runs it to its end.
func (r *rotator) rotate() {
	r.t.Helper()
	if out, err := r.command().CombinedOutput(); err != nil {
		r.t.Fatalf("keys rotate: %v\n%s", err, out)
	}
}

// killedAt runs it until the proxy has stopped it, and kills it then. It says whether it came so far.
func (r *rotator) killedAt(point int) bool {
	r.t.Helper()
	reached := r.proxy.stopAt(point)
	defer r.proxy.stopAt(never)
	cmd := r.command()
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-reached:
		_ = cmd.Process.Kill()
		r.t.Logf("at point %d: %v", point, <-ended)
		return true
	case err := <-ended:
		if err != nil {
			r.t.Fatalf("keys rotate: %v", err)
		}
		return false
	}
}

// held is what the program would use: the key in the file or, while there is none, the first.
func (r *rotator) held() accessKey {
	r.t.Helper()
	text, err := os.ReadFile(r.file)
	if os.IsNotExist(err) {
		return r.first
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return decode[accessKey](r.t, text)
}

// works fails the test unless the program gets a token.
func (r *rotator) works(when string) {
	r.t.Helper()
	if _, a, err := r.admin.fetch(r.held()); err != nil || a.status != http.StatusOK {
		r.t.Fatalf("%s the secret of the program is lost: %v %v", when, a, err)
	}
}

// settled fails the test unless the rotation has ended: nothing but the key is left, and it is one key with an overlap.
func (r *rotator) settled(when string) {
	r.t.Helper()
	r.works(when)
	left, err := filepath.Glob(r.file + ".rotation*")
	if err != nil || len(left) > 0 {
		r.t.Errorf("%s %v is left: %v", when, left, err)
	}
	if r.held().ClientID != r.first.ClientID {
		r.t.Errorf("%s the file has another key", when)
	}
}

// R37: a rotation is killed at each of its requests and answers, and so is the one that goes on with it, at each of its own. The program
// can get a token at every time, and the third rotation ends well.
func TestRotationKilledAtEveryRequestTwice(t *testing.T) {
	r := newRotator(deploy(t, "bolt", 1))
	r.rotate() // so that the file is there
	runs := 0
	for first := 0; ; first++ {
		if !r.killedAt(first) {
			r.settled("after the last point")
			break
		}
		r.works(fmt.Sprintf("killed at %d", first))
		for second := 0; ; second++ {
			if second > 0 && !r.killedAt(first) {
				t.Fatalf("point %d is not reached any more", first)
			}
			again := r.killedAt(second)
			when := fmt.Sprintf("killed at %d, then at %d (%v),", first, second, again)
			r.works(when)
			if runs++; !again {
				r.settled(when)
				break
			}
			r.rotate()
			r.settled(when)
		}
	}
	if runs < 60 {
		t.Errorf("only %d pairs of points", runs)
	}
}

// The very first rotation makes the file.
func TestFirstRotationKilledAtEveryRequest(t *testing.T) {
	d := deploy(t, "bolt", 1)
	for point := 0; ; point++ {
		r := newRotator(d)
		killed := r.killedAt(point)
		r.works(fmt.Sprintf("killed at %d", point))
		r.rotate()
		r.settled(fmt.Sprintf("killed at %d, and rotated,", point))
		if !killed {
			return
		}
	}
}

// kill -9 at instants that nobody has chosen, in the middle of files too.
func TestRotationKilledAtAnyInstant(t *testing.T) {
	r := newRotator(deploy(t, "redis", 2))
	began := time.Now()
	r.rotate()
	whole := time.Since(began)
	killed := 0
	for i := range *rotations {
		cmd := r.command()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(whole)) // random on purpose
		_ = cmd.Process.Kill()
		if err := cmd.Wait(); err != nil && strings.Contains(err.Error(), "killed") {
			killed++
		}
		r.works(fmt.Sprintf("in run %d", i))
	}
	r.rotate()
	r.settled("at last")
	if killed == 0 {
		t.Error("nothing was killed")
	}
	t.Logf("%d of %d rotations were killed", killed, *rotations)
}

// Two rotations of a file at once do not take each other's secret.
func TestRotationsOfOneFileAtOnce(t *testing.T) {
	r := newRotator(deploy(t, "bolt", 1))
	r.rotate()
	var succeeded atomic.Int64
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			out, err := r.command().CombinedOutput()
			switch {
			case err == nil:
				succeeded.Add(1)
			case !strings.Contains(string(out), "another command is rotating"):
				t.Errorf("keys rotate: %v\n%s", err, out)
			}
		})
	}
	all.Wait()
	r.settled("after all")
	if succeeded.Load() == 0 {
		t.Error("no rotation succeeded")
	}
}

// Programs that read the file before each token are never refused, however often it is rotated: each reads it at least once between two
// rotations, as it must within the overlap.
func TestRotationsUnderLoad(t *testing.T) {
	d := deploy(t, "redis", 2)
	r := newRotator(d)
	r.rotate()
	const programs = 4
	var rounds [programs]atomic.Int64
	var tokens atomic.Int64
	stop := make(chan struct{})
	var all sync.WaitGroup
	for i := range programs {
		all.Go(func() {
			client := &caller{t: t, base: d.servers[i%len(d.servers)].URL, client: &http.Client{Timeout: e2etest.Patience}}
			for {
				select {
				case <-stop:
					return
				default:
				}
				text, err := os.ReadFile(r.file)
				var held accessKey
				if err == nil {
					err = json.Unmarshal(text, &held)
				}
				if err != nil {
					t.Error(err)
					return
				}
				if _, a, err := client.fetch(held); err != nil || a.status != http.StatusOK {
					t.Errorf("a token: %v %v", a, err)
					return
				}
				tokens.Add(1)
				rounds[i].Add(1)
			}
		})
	}
	for range *rotations {
		r.rotate()
		for i := range programs {
			seen := rounds[i].Load()
			e2etest.Eventually(t, "each program reads the file", func() error {
				if t.Failed() || rounds[i].Load() >= seen+2 {
					return nil
				}
				return fmt.Errorf("program %d is still at %d", i, seen)
			})
		}
		if t.Failed() {
			break
		}
	}
	close(stop)
	all.Wait()
	t.Logf("%d rotations, %d tokens", *rotations, tokens.Load())
}

// Killed after the file has the new secret and before the intent is gone: the next run ends this rotation, and begins no other.
func TestRotationKilledBeforeItsIntentIsGone(t *testing.T) {
	r := newRotator(deploy(t, "bolt", 1))
	r.rotate()
	last := 0
	for r.killedAt(last) {
		last++
	}
	r.rotate()
	if !r.killedAt(last - 1) { // all is done but for the files
		t.Fatal("the last point was not reached")
	}
	intent, err := os.ReadFile(r.file + ".rotation")
	if err != nil {
		t.Fatal(err)
	}
	made := decode[accessKey](t, intent)
	text := fmt.Sprintf(`{"url":%q,"client_id":%q,"client_secret":%q}`, r.proxy.url, made.ClientID, made.ClientSecret)
	if err := os.WriteFile(r.file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r.rotate()
	r.settled("at last")
	if r.held() != made {
		t.Error("another secret was made")
	}
}

// R37: the answer to keys create, and then to keys refresh, is lost. The commands ask again: one key comes of it, with the secret shown.
func TestCommandsWhoseAnswersAreLost(t *testing.T) {
	d := deploy(t, "bolt", 1)
	d.addMember("mia")
	proxy := newStopper(t, d.servers[0].URL)
	run := func(args ...string) accessKey {
		t.Helper()
		const answerToTheThirdRequest = 5 // after those for the metadata and the token
		lost := proxy.stopAt(answerToTheThirdRequest)
		cmd := exec.Command(mintkey, append(args, "-o", "json")...)
		cmd.Env = append(e2etest.CleanEnviron(), "MINTKEY_URL="+proxy.url,
			"MINTKEY_CLIENT_ID="+d.first.ClientID, "MINTKEY_CLIENT_SECRET="+d.first.ClientSecret)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v: %v %s", args, err, e2etest.StderrOf(err))
		}
		select {
		case <-lost:
		default:
			t.Errorf("%v: no answer was lost", args)
		}
		return decode[accessKey](t, out)
	}
	made := run("keys", "create", "--user", "mia", "--scopes", "api")
	d.admin.mustFetch(made)
	refreshed := run("keys", "refresh", made.ClientID)
	d.admin.mustFetch(refreshed)
	mine := 0
	for _, key := range d.keys() {
		if key.UserID == "mia" {
			mine++
		}
	}
	if mine != 1 || refreshed.ClientID != made.ClientID {
		t.Errorf("%d keys", mine)
	}
}
