package console

import (
	"errors"
	"time"

	"mintkey/server/limits"
	"mintkey/store"
	"mintkey/store/ephemeral"
)

// formToken is the field that lets a form be used only once: a double click, a reload or a second browser tab can't repeat it.
const formToken = "form_token"

const formLifetime = 12 * time.Hour

// formRecord is the stored state of a form that was shown.
type formRecord struct {
	UserID   string    `json:"user_id"`
	Path     string    `json:"path"`
	Expires  time.Time `json:"expires"`
	ClientID string    `json:"client_id,omitempty"` // of the access key that the form created, once it was sent
}

// ExpiresAt implements ephemeral.Expiring.
func (r formRecord) ExpiresAt() time.Time { return r.Expires }

// formUsedError refuses a form that was sent before. ClientID is the access key that it created then, if that is known.
type formUsedError struct{ ClientID string }

func (*formUsedError) Error() string { return "the form was sent before" }

func (c *Console) openForms() ephemeral.Links[formRecord] {
	return ephemeral.Links[formRecord]{Store: c.Store, Prefix: "form/"}
}

func (c *Console) sentForms() ephemeral.Links[formRecord] {
	return ephemeral.Links[formRecord]{Store: c.Store, Prefix: "form-done/"}
}

// issueFormToken creates the token for a form on the current page. Tokens are kept for hours, so their number per user is limited.
func (c *Console) issueFormToken(req *request) (string, error) {
	if _, err := c.Limits.Reserve(req.Context(), limits.Form(req.actor.User.AccountID, req.actor.User.ID)); err != nil {
		return "", err
	}
	token := ephemeral.NewCode()
	record := formRecord{UserID: req.actor.User.ID, Path: req.URL.Path, Expires: req.info.At.Add(formLifetime)}
	return token, c.openForms().Put(req.Context(), ephemeral.Digest(token), record)
}

// spendFormToken uses up the token of the submitted form. If the same form is sent many times, only one request succeeds.
func (c *Console) spendFormToken(req *request) error {
	ctx, digest := req.Context(), ephemeral.Digest(req.PostFormValue(formToken))
	record, err := c.openForms().Take(ctx, digest, req.info.At)
	if err == nil && record.UserID == req.actor.User.ID && record.Path == req.URL.Path {
		return nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	sent, err := c.sentForms().Get(ctx, digest, req.info.At)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if sent.UserID != req.actor.User.ID {
		sent = formRecord{}
	}
	return &formUsedError{sent.ClientID}
}

// noteForm records which key a form created, in case it is sent again.
func (c *Console) noteForm(req *request, clientID string) error {
	record := formRecord{UserID: req.actor.User.ID, Path: req.URL.Path, Expires: req.info.At.Add(formLifetime), ClientID: clientID}
	return c.sentForms().Put(req.Context(), ephemeral.Digest(req.PostFormValue(formToken)), record)
}
