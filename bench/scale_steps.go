package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"time"

	"mintkey/notify"
	"mintkey/policy"
	"mintkey/store"
)

// answered is what lists and dry runs answer.
type answered struct {
	Items    []json.RawMessage `json:"items"`
	Affected []json.RawMessage `json:"affected"`
	Next     string            `json:"next"`
}

func (g *growing) ask(ctx context.Context, method, path, body string) (a answered, err error) {
	text, err := g.server.call(ctx, g.token, method, path, body)
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	return a, err
}

// asks is a step that counts what the administration API lists.
func (g *growing) asks(method, path, body string) aStep {
	return func(ctx context.Context) (float64, error) {
		a, err := g.ask(ctx, method, path, body)
		return float64(max(len(a.Items)+len(a.Affected), 1)), err
	}
}

// shows is a step of the console. A page is one answer, however many rows it has.
func (g *growing) shows(path string) aStep {
	return func(ctx context.Context) (float64, error) {
		_, err := g.console.page(ctx, path)
		return 1, err
	}
}

const (
	accountRoot = "/admin/v1/accounts/account-0"
	tenantRoot  = "/admin/v1/tenants/tenant-0"
	tenantPages = "/console/tenants/tenant-0"
)

// served measures what a server does.
func (g *growing) served(ctx context.Context) error {
	for _, some := range []func(context.Context) error{g.tokens, g.lists, g.pages, g.reports, g.changes} {
		if err := some(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (g *growing) tokens(ctx context.Context) error {
	const each = 200
	order := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 1, uint64(len(g.shown)-1)) //nolint:gosec // the same load each time
	token := ""
	err := g.step(ctx, "tokens, some keys far more often than others", "tokens", func(ctx context.Context) (float64, error) {
		for range each {
			var err error
			if token, err = g.server.token(ctx, g.shown[order.Uint64()], ""); err != nil {
				return 0, err
			}
		}
		return each, nil
	})
	if err != nil {
		return err
	}
	err = g.step(ctx, "introspection", "token", func(ctx context.Context) (float64, error) {
		request, err := formRequest(ctx, g.server.url+"/oauth2/introspect", url.Values{"token": {token}}, g.admin.seeded)
		if err == nil {
			_, err = do(request)
		}
		return 1, err
	})
	if err != nil {
		return err
	}
	return g.step(ctx, "a status list", "list", func(ctx context.Context) (float64, error) {
		_, err := g.server.call(ctx, g.token, http.MethodGet, "/oauth2/status-lists/0", "")
		return 1, err
	})
}

// lists measures the first, a middle and the last page of each list of the administration API.
func (g *growing) lists(ctx context.Context) error {
	first, root := "keys", tenantRoot
	if g.shape == manyTenants {
		first, root = "tenants", accountRoot
	}
	for _, list := range [][2]string{{first, root + "/" + first}, {"users", accountRoot + "/users"}} {
		name, path := list[0], list[1]
		middle, last := "", ""
		err := g.once(ctx, "every page of "+name, name, func(ctx context.Context) (total float64, err error) {
			middle, last, total, err = g.walk(ctx, path)
			return total, err
		})
		if err != nil {
			return err
		}
		for _, page := range []struct{ name, after string }{{"first", ""}, {"middle", middle}, {"last", last}} {
			err := g.step(ctx, page.name+" page of "+name, name, g.asks(http.MethodGet, path+"?limit=50&after="+url.QueryEscape(page.after), ""))
			if err != nil {
				return err
			}
		}
	}
	if g.shape == manyTenants {
		return nil
	}
	for _, search := range [][2]string{
		{"search of keys, a hit", "q=" + g.shown[len(g.shown)/2].ClientID},
		{"search of keys, a miss", "q=no+such+text"},
		{"filter of keys by user", "user_id=" + userID(g.size.keys/3)},
		{"filter of keys by status", "status=active&limit=50"},
	} {
		if err := g.step(ctx, search[0], "keys", g.asks(http.MethodGet, tenantRoot+"/keys?"+search[1], "")); err != nil {
			return err
		}
	}
	return nil
}

// walk reads a whole list, and returns cursors from which a page in the middle and the last page begin.
func (g *growing) walk(ctx context.Context, path string) (middle, last string, total float64, err error) {
	var cursors []string
	for after := ""; ; {
		a, err := g.ask(ctx, http.MethodGet, path+"?limit=1000&after="+url.QueryEscape(after), "")
		if err != nil {
			return "", "", 0, err
		}
		total += float64(len(a.Items))
		if a.Next == "" {
			break
		}
		after = a.Next
		cursors = append(cursors, after)
	}
	if len(cursors) == 0 {
		return "", "", total, nil
	}
	return cursors[len(cursors)/2], cursors[len(cursors)-1], total, nil
}

// pages measures the console.
func (g *growing) pages(ctx context.Context) error {
	list := tenantPages + "/keys"
	if err := g.once(ctx, "console: keys, the first time", "page", g.shows(list)); err != nil {
		return err
	}
	middle, last := max(g.size.keys/100, 1), max(g.size.keys/50, 1)
	steps := []struct{ name, path string }{
		{"keys", list},
		{"keys, middle page", fmt.Sprintf("%s?page=%d", list, middle)},
		{"keys, last page", fmt.Sprintf("%s?page=%d", list, last)},
		{"keys by user", list + "?sort=user"},
		{"keys by e-mail, descending", list + "?sort=-email"},
		{"keys by client ID", list + "?sort=client_id"},
		{"keys by last access", list + "?sort=-last_access"},
		{"keys by expiry", list + "?sort=expires"},
		{"keys that expire soon", list + "?state=expiring"},
		{"unused keys", list + "?state=unused"},
		{"search of keys, a hit", list + "?q=" + g.shown[len(g.shown)/2].ClientID},
		{"search of keys, a miss", list + "?q=no+such+text"},
		{"new key", list + "/new"},
		{"home", "/console"},
		{"users", "/console/users"},
		{"search of users, a hit", "/console/users?q=" + userID(g.size.keys/3)},
		{"search of users, a miss", "/console/users?q=no+such+text"},
		{"tenants", "/console/tenants"},
		{"Security", "/console/security"},
		{"Security, preview of a change", "/console/security?enabled=on&period_days=120"},
		{"Activity", "/console/activity"},
		{"token traffic", "/console/activity/traffic"},
		{"token traffic of a tenant", tenantPages + "/traffic"},
	}
	for _, s := range steps {
		if g.shape == manyTenants && len(s.path) > len(list) && s.path[:len(list)] == list {
			continue
		}
		if err := g.step(ctx, "console: "+s.name, "page", g.shows(s.path)); err != nil {
			return err
		}
	}
	return nil
}

// reports measures what looks at a whole account.
func (g *growing) reports(ctx context.Context) error {
	key := g.shown[len(g.shown)/2]
	for _, s := range []struct{ name, unit, method, path, body string }{
		{
			"dry run of a policy change", "keys", http.MethodPut, accountRoot + "/expiration-policy?dry_run=true",
			`{"enabled":true,"period_days":120}`,
		},
		{"calendar of a day", "entries", http.MethodGet, accountRoot + "/calendar?days=1", ""},
		{"calendar of a year", "entries", http.MethodGet, accountRoot + "/calendar?days=365", ""},
		{"audit trail", "events", http.MethodGet, accountRoot + "/audit?limit=50", ""},
		{"audit trail of a key", "events", http.MethodGet, accountRoot + "/audit?limit=50&client_id=" + key.ClientID, ""},
		{"audit trail by an action that is rare", "events", http.MethodGet, accountRoot + "/audit?limit=50&action=account.created", ""},
		{"audit trail until a month ago", "events", http.MethodGet, accountRoot + "/audit?limit=50&until=" +
			time.Now().Add(-30*policy.Day).UTC().Format(time.RFC3339), ""},
		{"traffic of the account", "report", http.MethodGet, accountRoot + "/traffic", ""},
		{"traffic of a tenant", "report", http.MethodGet, tenantRoot + "/traffic", ""},
		{"keys of a user", "keys", http.MethodGet, accountRoot + "/users/" + userID(0) + "/keys", ""},
	} {
		if err := g.step(ctx, s.name, s.unit, g.asks(s.method, s.path, s.body)); err != nil {
			return err
		}
	}
	return nil
}

// changes measures revocations and new keys, each of another user.
func (g *growing) changes(ctx context.Context) error {
	next := len(g.shown) - 1
	err := g.step(ctx, "revocation of a key", "key", func(ctx context.Context) (float64, error) {
		key := g.shown[next]
		next--
		_, err := g.server.call(ctx, g.token, http.MethodDelete, "/admin/v1/tenants/"+key.TenantID+"/keys/"+key.ClientID, "")
		return 1, err
	})
	if err != nil {
		return err
	}
	return g.step(ctx, "refresh of a key", "key", func(ctx context.Context) (float64, error) {
		key := g.shown[next]
		next--
		_, err := g.server.call(ctx, g.token, http.MethodPost, "/admin/v1/tenants/"+key.TenantID+"/keys/"+key.ClientID+"/refresh", "{}")
		return 1, err
	})
}

// unserved measures what needs no server: a backup, and the search for what is due.
func (g *growing) unserved(ctx context.Context) error {
	n := 0
	err := g.step(ctx, "backup", "keys", func(ctx context.Context) (float64, error) {
		n++
		backup := exec.CommandContext(ctx, g.folder.path("mintkey"), "backup", "--store", g.store, g.folder.path(fmt.Sprintf("backup-%d.db", n)))
		backup.Stderr = os.Stderr
		err := backup.Run()
		_ = os.Remove(g.folder.path(fmt.Sprintf("backup-%d.db", n)))
		return float64(g.size.keys), err
	})
	if err != nil {
		return err
	}
	opened, err := openStore(ctx, g.store)
	if err != nil {
		return err
	}
	defer func() { _ = opened.Close() }()
	// The day on which the oldest keys come to the first notice.
	scheduler, now := &notify.Scheduler{Store: opened}, time.Now().Add(policy.DefaultPeriodDays*policy.Day-months-policy.SoonDays*policy.Day)
	if err := scheduler.Tick(ctx, now); err != nil {
		return err
	}
	err = g.once(ctx, "notices of a day", "notices", func(ctx context.Context) (float64, error) {
		now = now.Add(policy.Day)
		return 1, scheduler.Tick(ctx, now)
	})
	if err != nil {
		return err
	}
	if err := g.countNotices(ctx, opened, now); err != nil {
		return err
	}
	return g.step(ctx, "search for notices, none due", "search", func(ctx context.Context) (float64, error) {
		return 1, scheduler.Tick(ctx, now)
	})
}

// countNotices corrects the units of the last step: the notices are in the audit trail.
func (g *growing) countNotices(ctx context.Context, trail store.AuditTrail, since time.Time) error {
	events, err := trail.Events(ctx, accountID(0), store.EventsQuery{Since: since.Truncate(time.Millisecond), Limit: g.size.keys})
	g.results[len(g.results)-1].Units = float64(max(len(events), 1))
	return err
}
