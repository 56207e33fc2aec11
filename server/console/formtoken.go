package console

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"time"

	"mintkey/server/limits"
	"mintkey/store"
)

// formToken is the field that makes a form count once: a double click, a reload and a second browser tab can't repeat it.
const formToken = "form_token"

const formLives = 12 * time.Hour

// formRecord is what is kept for a form that was shown.
type formRecord struct {
	UserID   string    `json:"user_id"`
	Path     string    `json:"path"`
	Expires  time.Time `json:"expires"`
	ClientID string    `json:"client_id,omitempty"` // what the form made, once it was sent
}

// formUsedError refuses a form that was sent before. It says what the first time made, if that is known.
type formUsedError struct{ ClientID string }

func (*formUsedError) Error() string { return "the form was sent before" }

// issueFormToken makes the token for a form on the present page. Each is kept for hours, so a user gets so many and no more.
func (c *Console) issueFormToken(v *visit) (string, error) {
	if _, err := c.Limits.Reserve(v.Context(), limits.Form(v.actor.User.AccountID, v.actor.User.ID)); err != nil {
		return "", err
	}
	token := rand.Text()
	record := formRecord{UserID: v.actor.User.ID, Path: v.URL.Path, Expires: v.about.At.Add(formLives)}
	return token, c.putForm(v.Context(), "form/", token, record)
}

// spendFormToken takes the token of the form that was sent. Of any number of equal forms one passes.
func (c *Console) spendFormToken(v *visit) error {
	token := v.PostFormValue(formToken)
	record, err := c.form(v.Context(), c.Store.TakeEphemeral, "form/", token)
	if err == nil && record.UserID == v.actor.User.ID && record.Path == v.URL.Path && v.about.At.Before(record.Expires) {
		return nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	done, err := c.form(v.Context(), c.Store.Ephemeral, "form-done/", token)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if done.UserID != v.actor.User.ID {
		done = formRecord{}
	}
	return &formUsedError{done.ClientID}
}

// noteForm keeps what a form has made, for who sends it again.
func (c *Console) noteForm(v *visit, clientID string) error {
	record := formRecord{UserID: v.actor.User.ID, Path: v.URL.Path, Expires: v.about.At.Add(formLives), ClientID: clientID}
	return c.putForm(v.Context(), "form-done/", v.PostFormValue(formToken), record)
}

func (c *Console) putForm(ctx context.Context, prefix, token string, record formRecord) error {
	value, err := json.Marshal(record)
	if err != nil {
		return err
	}
	return c.Store.PutEphemeral(ctx, prefix+digest(token), value, record.Expires)
}

func (c *Console) form(ctx context.Context, read func(context.Context, string) ([]byte, error), prefix, token string) (record formRecord, err error) {
	value, err := read(ctx, prefix+digest(token))
	if err != nil {
		return record, err
	}
	return record, json.Unmarshal(value, &record)
}
