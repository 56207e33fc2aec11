package console

import (
	"encoding/json"
	"errors"
	"log/slog"
	"time"

	"mintkey/policy"
	"mintkey/server/console/passkeys"
	"mintkey/server/limits"
	"mintkey/store"
	"mintkey/store/ephemeral"
)

// The fields with which a form ends a ceremony of a passkey.
const (
	ceremonyField = "ceremony" // the code of what was begun
	answerField   = "answer"   // of the device
)

// ceremonyLifetime is long enough to find a device.
const ceremonyLifetime = 15 * time.Minute

// What a ceremony is for. One can't be ended as another.
const (
	ceremonyRegister     = "register"
	ceremonySignIn       = "sign-in"
	ceremonySecondFactor = "second-factor"
	ceremonyProof        = "proof"
)

// errWrongPasskey refuses an answer. Which of the many reasons it was is in the log.
var errWrongPasskey = errors.New("the passkey proves nothing here")

// ceremonyRecord is a ceremony that has begun. The store keeps it, and not the browser, so that its challenge is answered once.
type ceremonyRecord struct {
	Kind    string          `json:"kind"`
	UserID  string          `json:"user_id,omitempty"` // empty while nobody is known
	State   json.RawMessage `json:"state"`
	Expires time.Time       `json:"expires"`
}

// ExpiresAt implements ephemeral.Expiring.
func (r ceremonyRecord) ExpiresAt() time.Time { return r.Expires }

func (c *Console) ceremonies() ephemeral.Links[ceremonyRecord] {
	return ephemeral.Links[ceremonyRecord]{Store: c.Store, Prefix: "passkey-ceremony/"}
}

// ceremonyForm is what a page needs to ask the browser for a passkey.
type ceremonyForm struct {
	Code    string
	Options string // JSON
}

// beginCeremony keeps what begin returns, for the user or, as long as nobody is known, for anybody. The number of ceremonies is limited: of
// those of a sign-in by address, which a whole office may share, of those of somebody who has signed in as that of their other forms.
func (c *Console) beginCeremony(
	req *request, kind string, user policy.User, begin func() (passkeys.Ceremony, error),
) (ceremonyForm, error) {
	cost := limits.Form(user.AccountID, user.ID)
	if kind == ceremonySignIn || kind == ceremonySecondFactor {
		cost = limits.PasskeyStart(req.info.Address)
	}
	if _, err := c.Limits.Reserve(req.Context(), cost); err != nil {
		return ceremonyForm{}, err
	}
	begun, err := begin()
	if err != nil {
		return ceremonyForm{}, err
	}
	form := ceremonyForm{ephemeral.NewCode(), string(begun.Options)}
	record := ceremonyRecord{kind, user.ID, begun.State, req.info.At.Add(ceremonyLifetime)}
	return form, c.ceremonies().Put(req.Context(), ephemeral.Digest(form.Code), record)
}

// takeCeremony uses up the ceremony that the form ends, and returns its state with the answer of the device.
func (c *Console) takeCeremony(req *request, kind, userID string) (state json.RawMessage, answer []byte, err error) {
	record, err := c.ceremonies().Take(req.Context(), ephemeral.Digest(req.PostForm.Get(ceremonyField)), req.info.At)
	if errors.Is(err, store.ErrNotFound) || err == nil && (record.Kind != kind || record.UserID != userID) {
		return nil, nil, errWrongPasskey
	}
	return record.State, []byte(req.PostForm.Get(answerField)), err
}

// askForPasskey begins to ask the user, who is known, for one of their passkeys: after the password or, as a proof, in place of it.
func (c *Console) askForPasskey(req *request, kind string, user policy.User) (ceremonyForm, error) {
	ask := c.passkeys.Ask
	if kind == ceremonyProof {
		ask = c.passkeys.AskAlone
	}
	return c.beginCeremony(req, kind, user, func() (passkeys.Ceremony, error) { return ask(user) })
}

// proveByPasskey ends what askForPasskey began, and returns the ID of the passkey by which the user has proved who they are. It is
// errWrongPasskey for an answer that proves nothing, and policy.ErrPasskeyCopied.
func (c *Console) proveByPasskey(req *request, kind, method string, user policy.User) (string, error) {
	state, answer, err := c.takeCeremony(req, kind, user.ID)
	if err == nil && c.passkeys == nil {
		err = errWrongPasskey
	}
	var answered passkeys.Proof
	if err == nil {
		answered, err = c.passkeys.Asked(user, state, answer)
	}
	return answered.PasskeyID, c.usePasskey(req, method, user, answered, err)
}

// usePasskey notes the use of a passkey that answered as it should, and a failure otherwise.
func (c *Console) usePasskey(req *request, method string, user policy.User, answered passkeys.Proof, err error) error {
	if err == nil {
		actor := c.actorOf(req, policy.Subject{User: user})
		err = c.Service.UsePasskey(req.Context(), actor, answered.PasskeyID, answered.Count, answered.Flags)
	}
	reason := policy.SignInWrongPasskey
	switch {
	case err == nil:
		return nil
	case errors.Is(err, policy.ErrPasskeyCopied):
		reason = policy.SignInCopiedPasskey
	case errors.Is(err, passkeys.ErrRefused), errors.Is(err, errWrongPasskey), errors.Is(err, policy.ErrPasskeyNotFound),
		errors.Is(err, policy.ErrUserDisabled), errors.Is(err, policy.ErrServiceUser), errors.Is(err, store.ErrNotFound):
	default:
		return err
	}
	c.Log.InfoContext(req.Context(), "passkey refused", slog.String("request_id", req.info.ID), slog.String("user_id", user.ID),
		slog.String("address", req.info.Address), slog.String("reason", policy.WithoutSecrets(shorten(err.Error()))))
	if user.ID == "" {
		c.refused(req, method, reason)
	} else {
		c.refused(req, method, reason, user)
	}
	if errors.Is(err, policy.ErrPasskeyCopied) {
		return err
	}
	return errWrongPasskey
}
