package console

import (
	"errors"
	"time"

	"mintkey/server/limits"
	"mintkey/store"
	"mintkey/store/ephemeral"
)

// formToken is the field that makes a form count once: a double click, a reload and a second browser tab can't repeat it.
const formToken = "form_token"

const formLives = 12 * time.Hour

// formRecord is what is kept for a form that was shown.
type formRecord struct {
	UserID   string    `json:"user_id"`
	Path     string    `json:"path"`
	Expires  time.Time `json:"expires"`
	ClientID string    `json:"client_id,omitempty"` // of the access key that the form made, once it was sent
}

// ExpiresAt implements ephemeral.Expiring.
func (r formRecord) ExpiresAt() time.Time { return r.Expires }

// formUsedError refuses a form that was sent before. It says what the first time made, if that is known.
type formUsedError struct{ ClientID string }

func (*formUsedError) Error() string { return "the form was sent before" }

func (c *Console) openForms() ephemeral.Links[formRecord] {
	return ephemeral.Links[formRecord]{Store: c.Store, Prefix: "form/"}
}

func (c *Console) sentForms() ephemeral.Links[formRecord] {
	return ephemeral.Links[formRecord]{Store: c.Store, Prefix: "form-done/"}
}

// issueFormToken makes the token for a form on the present page. Each is kept for hours, so a user gets so many and no more.
func (c *Console) issueFormToken(v *visit) (string, error) {
	if _, err := c.Limits.Reserve(v.Context(), limits.Form(v.actor.User.AccountID, v.actor.User.ID)); err != nil {
		return "", err
	}
	token := ephemeral.NewCode()
	record := formRecord{UserID: v.actor.User.ID, Path: v.URL.Path, Expires: v.about.At.Add(formLives)}
	return token, c.openForms().Put(v.Context(), ephemeral.Digest(token), record)
}

// spendFormToken takes the token of the form that was sent. Of any number of equal forms one passes.
func (c *Console) spendFormToken(v *visit) error {
	ctx, digest := v.Context(), ephemeral.Digest(v.PostFormValue(formToken))
	record, err := c.openForms().Take(ctx, digest, v.about.At)
	if err == nil && record.UserID == v.actor.User.ID && record.Path == v.URL.Path {
		return nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	sent, err := c.sentForms().Get(ctx, digest, v.about.At)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if sent.UserID != v.actor.User.ID {
		sent = formRecord{}
	}
	return &formUsedError{sent.ClientID}
}

// noteForm keeps what a form has made, for the case that it is sent again.
func (c *Console) noteForm(v *visit, clientID string) error {
	record := formRecord{UserID: v.actor.User.ID, Path: v.URL.Path, Expires: v.about.At.Add(formLives), ClientID: clientID}
	return c.sentForms().Put(v.Context(), ephemeral.Digest(v.PostFormValue(formToken)), record)
}
