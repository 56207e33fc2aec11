package server_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"mintkey/store"
	"mintkey/tokens"
)

// An error of the store is rendered by kind, and its text is not shown.
func TestFailuresOfTheStore(t *testing.T) {
	w, faults := newFaultyWorld(t)
	token := bearer(w.tokenOf(w.ada, ""))
	const inside = "10.0.0.1:6379 secret"
	for _, c := range []struct {
		cause               error
		status, oauthStatus int
		code, oauth         string
	}{
		{store.ErrUnavailable, 503, 503, "unavailable", "temporarily_unavailable"},
		{context.DeadlineExceeded, 503, 503, "unavailable", "temporarily_unavailable"},
		{store.ErrConflict, 409, 503, "conflict", "temporarily_unavailable"},
		{errors.New("WRONGTYPE"), 500, 500, "internal", "server_error"},
		{store.ErrSchemaTooNew, 503, 503, "unavailable", "temporarily_unavailable"},
		{tokens.ErrWrongKeyEncryptionKey, 500, 500, "internal", "server_error"},
	} {
		failure := fmt.Errorf("dial %s: %w", inside, c.cause)
		faults.fail("SubjectByClientID", failure)
		a := w.exchange(w.mia).wantError(c.oauthStatus, c.oauth)
		quiet(t, a, inside)
		for _, p := range plugins() {
			quiet(t, w.login(p.path, "?TENANTID=forge", p.body(w.mia)).wantError(c.oauthStatus, c.oauth), inside)
		}
		methods := []string{"UpdateUser", "UpdateMembership", "UpdateAccount", "UpdateEphemeral"}
		if !errors.Is(c.cause, store.ErrConflict) { // reading never conflicts
			methods = append(methods,
				"Subject", "Tenants", "Tenant", "Users", "User", "Memberships", "Accesses", "Events", "UsersByID", "TenantsOf")
		}
		for _, method := range methods {
			faults.fail(method, failure)
			quiet(t, w.meet(method, token).wantCode(c.status, c.code), inside)
		}
		faults.fail("", nil)
	}
	if !strings.Contains(w.log.String(), inside) {
		t.Error("the log does not say what happened")
	}
}

// meet sends a request that needs the method of the store.
func (w *world) meet(method string, token bearer) answer {
	w.Helper()
	switch method {
	case "Subject":
		return w.get(token, ownKeys)
	case "Tenants":
		return w.get(token, "/admin/v1/accounts/acme/tenants")
	case "Tenant":
		return w.get(token, "/admin/v1/tenants/mill")
	case "Users":
		return w.get(token, acmeUsers)
	case "User":
		return w.get(token, acmeUsers+"/mia")
	case "UpdateUser":
		return w.patch(token, acmeUsers+"/mia", `{"name":"Mia"}`)
	case "TenantsOf":
		return w.delete(token, acmeUsers+"/mia")
	case "UpdateEphemeral":
		return w.delete(token, acmeUsers+"/mia/sessions")
	case "Memberships", "UsersByID":
		return w.get(token, forgeKeys)
	case "UpdateMembership":
		return w.delete(token, forgeKeys+"/"+w.tom.clientID)
	case "Accesses":
		return w.get(token, forgeKeys+"/"+w.tom.clientID)
	case "Events":
		return w.get(token, acmeAudit)
	default:
		return w.put(token, acmePolicy, `{"enabled":true,"period_days":360}`)
	}
}

func quiet(t *testing.T, a answer, inside string) {
	t.Helper()
	if strings.Contains(a.body, inside) || strings.Contains(a.body, "dial") || strings.Contains(a.body, "WRONGTYPE") {
		t.Errorf("%s tells about the inside: %s", a.request, a.body)
	}
	if a.status == 503 && a.header.Get("Retry-After") == "" {
		t.Errorf("%s: 503 without Retry-After", a.request)
	}
	if a.status != 401 && a.header.Get("WWW-Authenticate") != "" {
		t.Errorf("%s: a client would take %d for a wrong secret: %v", a.request, a.status, a.header)
	}
}

// A revocation that the store has not confirmed is not answered with success (CVE-2020-15223).
func TestUnconfirmedRevocation(t *testing.T) {
	w, faults := newFaultyWorld(t)
	token := bearer(w.tokenOf(w.tom, ""))
	faults.fail("UpdateMembership", store.ErrUnavailable)
	w.delete(token, forgeKeys+"/"+w.mia.clientID).wantCode(503, "unavailable")
	faults.fail("", nil)
	w.delete(token, forgeKeys+"/"+w.mia.clientID).want(204)
}

func TestPanics(t *testing.T) {
	w, faults := newFaultyWorld(t)
	token := bearer(w.tokenOf(w.ada, ""))
	faults.panicIn("Users")
	w.get(token, acmeUsers).wantCode(500, "internal").golden("internal")
	faults.panicIn("")
	w.get(token, acmeUsers).want(200)
	if log := w.log.String(); !strings.Contains(log, "out of range") || !strings.Contains(log, "adminapi/users.go") {
		t.Errorf("the log does not show the panic and where it was: %s", log)
	}
}
