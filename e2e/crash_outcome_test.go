package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// attempt is how a change ended, as far as its caller can tell.
type attempt struct {
	answer
	err          error
	acknowledged bool      // the server said that it is done
	refused      bool      // the server said that it can't be done
	key          accessKey // what a create or a refresh handed out
}

func (a attempt) String() string { return fmt.Sprintf("%v, %v", a.answer, a.err) }

// attempt makes the change once.
func (c *change) attempt(d *deployment) attempt {
	var result attempt
	switch c.action {
	case "key.created":
		result.answer, result.err = d.admin.try(http.MethodPost, d.keysPath(), createBody(c.owner))
	case "key.refreshed":
		result.answer, result.err = d.admin.try(http.MethodPost, d.keysPath()+"/"+c.key.ClientID+"/refresh", map[string]any{})
	case "key.revoked":
		result.answer, result.err = d.admin.try(http.MethodDelete, d.keysPath()+"/"+c.key.ClientID, nil)
	}
	if result.err != nil {
		return result
	}
	result.acknowledged = result.status/100 == 2
	result.refused = result.status/100 == 4
	if result.acknowledged && c.action != "key.revoked" {
		result.err = json.Unmarshal(result.body, &result.key)
		result.acknowledged = result.err == nil
	}
	return result
}

// happened finds out whether a change that nobody acknowledged was made, checks that then it was made whole, and teaches the model.
func (r *crashRun) happened(c *change) bool {
	r.t.Helper()
	switch c.action {
	case "key.created":
		return r.created(c)
	case "key.refreshed":
		return r.refreshed(c)
	default:
		return r.revoked(c)
	}
}

// created looks for a key that the model does not know. Its secret was lost with the answer, so it is refreshed.
func (r *crashRun) created(c *change) bool {
	r.t.Helper()
	listed := r.d.keys()
	delete(listed, r.d.first.ClientID)
	for _, key := range r.model.live {
		delete(listed, key.ClientID)
	}
	for clientID, view := range listed {
		if view.UserID != c.owner {
			r.t.Errorf("%s was cut off, and %s has a new key %s", c, view.UserID, clientID)
		}
		r.model.apply(c, accessKey{ClientID: clientID})
		r.takeOver(r.model.live[len(r.model.live)-1])
	}
	return len(listed) > 0
}

// refreshed asks whether the old secret still works. If not, nobody knows the new one, and the key is refreshed again.
func (r *crashRun) refreshed(c *change) bool {
	r.t.Helper()
	_, a, err := r.d.admin.fetch(c.key.accessKey)
	switch {
	case err == nil && a.status == http.StatusOK:
		return false
	case err == nil && a.status == http.StatusUnauthorized:
		old := c.key.ClientSecret
		r.model.apply(c, accessKey{ClientID: c.key.ClientID})
		r.takeOver(c.key)
		c.key.old = old
		return true
	}
	r.t.Fatalf("a token for %s: %v %s", c.key.ClientID, err, a)
	return false
}

// takeOver refreshes a key whose secret nobody knows.
func (r *crashRun) takeOver(key *modelKey) {
	r.t.Helper()
	r.acknowledge(&change{action: "key.refreshed", key: key})
	key.old = ""
}

func (r *crashRun) revoked(c *change) bool {
	r.t.Helper()
	if _, still := r.d.keys()[c.key.ClientID]; still {
		return false
	}
	r.model.apply(c, accessKey{})
	return true
}
