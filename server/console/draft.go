package console

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"mintkey/policy"
	"mintkey/server/limits"
	"mintkey/store"
	"mintkey/store/ephemeral"
)

// draftField is the field, or the query parameter, with the code of a draft.
const draftField = "draft"

// proofPrefix begins the names of the fields that prove who sends a form.
const proofPrefix = "proof"

const (
	draftLifetime = time.Hour
	maxDraftBytes = 16 << 10
)

// draft is a form that was sent and waits until its sender has signed in or proved who they are once more. It is kept on the server: its
// fields never stand in a URL. Only the same user can take it, on the path that it was sent to, and once.
type draft struct {
	UserID  string     `json:"user_id"`
	Path    string     `json:"path"`
	Fields  url.Values `json:"fields"`
	Partial bool       `json:"partial,omitempty"` // passwords were left out, so the form can only be shown again
	Expires time.Time  `json:"expires"`
}

// ExpiresAt implements ephemeral.Expiring.
func (d draft) ExpiresAt() time.Time { return d.Expires }

func (c *Console) drafts() ephemeral.Links[draft] {
	return ephemeral.Links[draft]{Store: c.Store, Prefix: "draft/"}
}

// keepDraft keeps the form of the request for the user, and returns the code. Passwords and what serves a proof are left out. The form
// token stays, so that the form still counts once; it opens nothing.
func (c *Console) keepDraft(req *request, u policy.User) (code string, d draft, err error) {
	d = draft{UserID: u.ID, Path: req.URL.Path, Fields: url.Values{}, Expires: req.info.At.Add(draftLifetime)}
	for name, values := range req.PostForm {
		switch {
		case name == draftField || strings.HasPrefix(name, proofPrefix):
		case strings.HasPrefix(name, "password"):
			d.Partial = d.Partial || strings.Join(values, "") != ""
		default:
			d.Fields[name] = values
		}
	}
	if text, err := json.Marshal(d); err != nil || len(text) > maxDraftBytes {
		return "", draft{}, errBadForm
	}
	if _, err := c.Limits.Reserve(req.Context(), limits.Draft(u.AccountID, u.ID)); err != nil {
		return "", draft{}, err
	}
	code = ephemeral.NewCode()
	return code, d, c.drafts().Put(req.Context(), ephemeral.Digest(code), d)
}

// draft returns the draft and leaves it, or returns store.ErrNotFound.
func (c *Console) draft(ctx context.Context, code, userID, path string, now time.Time) (draft, error) {
	d, err := c.drafts().Get(ctx, ephemeral.Digest(code), now)
	return d.of(userID, path, err)
}

// takeDraft is draft that uses it up: of many callers one gets it. Whoever may not have it leaves it alone.
func (c *Console) takeDraft(ctx context.Context, code, userID, path string, now time.Time) (draft, error) {
	if _, err := c.draft(ctx, code, userID, path, now); err != nil {
		return draft{}, err
	}
	d, err := c.drafts().Take(ctx, ephemeral.Digest(code), now)
	return d.of(userID, path, err)
}

func (d draft) of(userID, path string, err error) (draft, error) {
	if err == nil && (d.UserID != userID || d.Path != path) {
		err = store.ErrNotFound
	}
	if err != nil {
		return draft{}, err
	}
	return d, nil
}

// fillFromDraft lets a page show the form of the draft in the query, as the visitor had filled it in.
func (c *Console) fillFromDraft(req *request) error {
	code := req.URL.Query().Get(draftField)
	if req.Method != http.MethodGet || code == "" {
		return nil
	}
	d, err := c.takeDraft(req.Context(), code, req.actor.User.ID, req.URL.Path, req.info.At)
	if errors.Is(err, store.ErrNotFound) {
		return nil // a reload: the form is shown empty
	}
	if err != nil {
		return err
	}
	delete(d.Fields, formToken) // the page makes another
	req.Form = d.Fields
	return nil
}
