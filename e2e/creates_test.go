package e2e_test

import (
	"bytes"
	"fmt"
	"net/http"
	"sync"
	"testing"
)

type problem struct {
	Code string `json:"code"`
}

// A user holds at most two access keys in a tenant, however many creates race and through however many servers (R2).
func TestRacingCreatesLeaveTwoKeys(t *testing.T) {
	eachStore(t, func(t *testing.T, d *deployment) {
		for _, count := range []int{12, 100} {
			t.Run(fmt.Sprint(count), func(t *testing.T) {
				owner := fmt.Sprintf("racer-%d", count)
				d.addMember(owner)
				created := map[string]bool{}
				var refused [][]byte
				for _, a := range createAtOnce(t, d, owner, count) {
					switch a.status {
					case http.StatusCreated:
						created[decode[accessKey](t, a.body).ClientID] = true
					case http.StatusConflict:
						refused = append(refused, a.body)
					default:
						t.Errorf("a create was answered %s", a)
					}
				}
				if len(created) != 2 || len(refused) != count-2 {
					t.Fatalf("%d keys were created and %d creates refused with 409; want 2 and %d", len(created), len(refused), count-2)
				}
				for _, body := range refused {
					if decode[problem](t, body).Code != "key_limit_reached" {
						t.Errorf("refused with %s; want the code key_limit_reached", body)
					}
					for clientID := range created {
						if !bytes.Contains(body, []byte(clientID)) {
							t.Errorf("the refusal %s does not name %s", body, clientID)
						}
					}
				}
				for clientID, key := range d.keys() {
					if key.UserID == owner && !created[clientID] {
						t.Errorf("%s is listed, but nobody was told of it", clientID)
					}
				}
			})
		}
	})
}

// createAtOnce sends all creates at the same moment, spread over the servers.
func createAtOnce(t *testing.T, d *deployment, owner string, count int) []answer {
	t.Helper()
	answers, failures := make([]answer, count), make([]error, count)
	var ready, done sync.WaitGroup
	gate := make(chan struct{})
	for i := range count {
		c := *d.admin
		c.base = d.servers[i%len(d.servers)].URL
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-gate
			answers[i], failures[i] = c.try(http.MethodPost, d.keysPath(), createBody(owner))
		})
	}
	ready.Wait()
	close(gate)
	done.Wait()
	d.admin.client.CloseIdleConnections() // a server that stops waits 5 s for those that were dialled and never used
	for _, err := range failures {
		if err != nil {
			t.Error(err)
		}
	}
	return answers
}
