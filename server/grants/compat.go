package grants

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"mintkey/policy"
	"mintkey/server/clients"
	"mintkey/server/web"
	"mintkey/store"
)

// With these two paths existing LoadRunner Cloud plugins work after changing one URL. An answer has the one member that the plugins
// read, and an error has the "message" that they show.

type compatToken struct {
	Token string `json:"token"`
}

// CompatAuthClient exchanges {"client_id","client_secret"} for a token.
func (e *Endpoint) CompatAuthClient(w http.ResponseWriter, r *web.Request) error {
	var body struct {
		ClientID     string `json:"client_id"`
		ClientSecret string `json:"client_secret"`
	}
	return e.answerCompat(w, r, &body, func(tenantID string) (Grant, error) {
		return e.compatClient(tenantID, body.ClientID, body.ClientSecret)
	})
}

// CompatAuth takes {"user","password"}. The Jenkins plugin sends a client ID and its secret here too.
func (e *Endpoint) CompatAuth(w http.ResponseWriter, r *web.Request) error {
	var body struct {
		User     string `json:"user"`
		Password string `json:"password"`
	}
	return e.answerCompat(w, r, &body, func(tenantID string) (Grant, error) {
		grant, err := e.compatClient(tenantID, body.User, body.Password)
		if err != nil {
			return nil, err
		}
		if known, err := e.isClient(r.Context(), body.User); known || err != nil {
			return grant, err
		}
		return &passwordLogin{e, tenantID, body.User, body.Password}, nil
	})
}

// answerCompat reads the body, finds the grant that it requests, and answers with nothing but the token.
func (e *Endpoint) answerCompat(w http.ResponseWriter, r *web.Request, body any, grantOf func(tenantID string) (Grant, error)) error {
	tenantID, err := readCompat(w, r.Request, body)
	var request Request
	if err == nil {
		request.Grant, err = grantOf(tenantID)
	}
	if err != nil {
		e.note(outcomeOf("", store.TrafficSource{}, err), r.At)
		return err
	}
	issued, err := e.issue(r.Context(), request, r.Info)
	if err != nil {
		return err
	}
	e.warn(w.Header(), request.Grant, issued, r.At)
	web.SetNoStore(w.Header())
	web.WriteJSON(w, http.StatusOK, compatToken{issued.text})
	return nil
}

func readCompat(w http.ResponseWriter, r *http.Request, body any) (tenantID string, err error) {
	if err := web.ReadForeignJSON(w, r, body); err != nil {
		return "", err
	}
	query, err := url.ParseQuery(r.URL.RawQuery)
	switch tenants := query["TENANTID"]; {
	case err != nil:
		return "", web.Refuse(web.ErrInvalidRequest, "The query is not well-formed.")
	case len(tenants) > 1:
		return "", web.Refuse(web.ErrInvalidRequest, "The query parameter TENANTID comes more than once.")
	default:
		tenantID = query.Get("TENANTID")
	}
	if tenantID == "" {
		return "", web.Refuse(web.ErrInvalidRequest, "The query parameter TENANTID is missing.")
	}
	return tenantID, nil
}

func (e *Endpoint) compatClient(tenantID, clientID, secret string) (Grant, error) {
	if clientID == "" || secret == "" {
		return nil, web.ErrInvalidClient
	}
	return &clientCredentials{e, clients.Credentials{ClientID: clientID, Secret: policy.ClientSecretFromRequest(secret)}, tenantID}, nil
}

// isClient reports whether a name at /v1/auth is a client ID: by its format, or because an access key has it. The format is configurable,
// so there may be keys with an older one.
func (e *Endpoint) isClient(ctx context.Context, name string) (bool, error) {
	if policy.IsClientID(name, e.ClientIDPrefix, e.ClientIDSuffix) {
		return true, nil
	}
	if len(name) > policy.MaxClientIDLength {
		return false, nil
	}
	_, err := e.Store.SubjectByClientID(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
