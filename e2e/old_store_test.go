package e2e_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Neither an older file or dump that is put back while no server runs, nor a restored backup, makes a server give out status indexes again,
// however often that is done.
func TestOldStorePutBackRepeatsNoIndex(t *testing.T) {
	eachStore(t, func(t *testing.T, d *deployment) {
		stop := func() {
			for _, s := range d.servers {
				s.Terminate()
			}
		}
		start := func() {
			for _, s := range d.servers {
				s.Start()
				s.AwaitReady()
			}
		}
		key, used := d.newKey(d.first.UserID), map[string]string{}
		use := func(history string) {
			for _, s := range d.servers {
				admin := d.signIn(d.first.AccessKey, s)
				for range 70 { // more than a block
					var fresh accessKey
					admin.must(http.StatusOK, http.MethodPost, d.keysPath()+"/"+key.ClientID+"/refresh", nil, &fresh)
					place := statusOfToken(t, admin.mustFetch(fresh))
					if before, ok := used[place]; ok {
						t.Fatalf("history %s: the status index %s was given out in %s", history, place, before)
					}
					used[place] = history
				}
			}
		}
		use("kept")
		stop()
		old, backup := d.keep(), filepath.Join(t.TempDir(), "backup.db")
		d.mintkey("backup", backup)
		for history, goBack := range []func(){
			func() {}, func() { d.putBack(old) }, func() { d.putBack(old) }, func() { d.restore(backup) }, func() { d.restore(backup) },
		} {
			goBack()
			start()
			use(strconv.Itoa(history))
			stop()
		}
	})
}

func statusOfToken(t *testing.T, token string) string {
	t.Helper()
	var claims struct {
		Status json.RawMessage `json:"status"`
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err == nil {
		err = json.Unmarshal(payload, &claims)
	}
	if err != nil || len(claims.Status) == 0 {
		t.Fatalf("the token %s: %v", token, err)
	}
	return string(claims.Status)
}

// keep copies the file of the store, or what Redis has on its disk. No server may be running.
func (d *deployment) keep() map[string][]byte {
	d.t.Helper()
	if d.redis != nil {
		d.redis.Terminate()
		defer d.redis.Start()
		return filesUnder(d.t, d.redis.dir)
	}
	path := filepath.Join(d.dir, "mintkey.db")
	return map[string][]byte{path: filesUnder(d.t, d.dir)[path]}
}

// restore replaces the store by a backup.
func (d *deployment) restore(backup string) {
	d.t.Helper()
	if d.redis != nil {
		d.flush()
	} else if err := os.Remove(filepath.Join(d.dir, "mintkey.db")); err != nil {
		d.t.Fatal(err)
	}
	d.mintkey("restore", backup)
}

// putBack replaces the store by what keep has returned.
func (d *deployment) putBack(kept map[string][]byte) {
	d.t.Helper()
	if d.redis != nil {
		d.redis.Terminate()
		defer d.redis.Start()
		if err := os.RemoveAll(filepath.Join(d.redis.dir, "appendonlydir")); err != nil {
			d.t.Fatal(err)
		}
	}
	for path, content := range kept {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			d.t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			d.t.Fatal(err)
		}
	}
}
