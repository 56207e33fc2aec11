package console

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
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

// errDraftGone refuses a draft that was taken before, has expired, or is somebody else's.
var errDraftGone = errors.New("the draft is gone")

// draft is a form that was sent and waits until its sender has signed in or proved who they are once more. It is kept on the server: its
// fields never stand in a URL. Only the same user can take it, on the path that it was sent to, and once.
type draft struct {
	UserID  string     `json:"user_id"`
	Path    string     `json:"path"`
	Fields  url.Values `json:"fields"`
	Partial bool       `json:"partial,omitempty"` // passwords were left out, so the form can only be shown again
}

// sealedDraft is a draft in the store, encrypted under its code: whoever reads the store learns neither names and addresses that somebody
// typed, nor the code of a link that is part of the path.
type sealedDraft struct {
	Sealed  []byte    `json:"sealed"`
	Expires time.Time `json:"expires"`
}

// ExpiresAt implements ephemeral.Expiring.
func (d sealedDraft) ExpiresAt() time.Time { return d.Expires }

func (c *Console) drafts() ephemeral.Links[sealedDraft] {
	return ephemeral.Links[sealedDraft]{Store: c.Store, Prefix: "draft/"}
}

// draftBox encrypts under a code, which is random.
func draftBox(code string) (cipher.AEAD, error) {
	key := sha256.Sum256([]byte("draft/" + code))
	block, err := aes.NewCipher(key[:])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// keepDraft keeps the form of the request for the user, and returns the code. Passwords and what serves a proof are left out. The form
// token stays, so that the form still counts once; it opens nothing.
func (c *Console) keepDraft(req *request, u policy.User) (code string, d draft, err error) {
	d = draft{UserID: u.ID, Path: req.URL.Path, Fields: url.Values{}}
	for name, values := range req.PostForm {
		switch {
		case name == draftField || strings.HasPrefix(name, proofPrefix):
		case name == answerField || name == ceremonyField || name == codeField:
			d.Partial = true
		case strings.HasPrefix(name, "password"):
			d.Partial = d.Partial || strings.Join(values, "") != ""
		default:
			d.Fields[name] = values
		}
	}
	text, err := json.Marshal(d)
	if err != nil || len(text) > maxDraftBytes {
		return "", draft{}, errBadForm
	}
	code = ephemeral.NewCode()
	box, err := draftBox(code)
	if err != nil {
		return "", draft{}, err
	}
	if _, err := c.Limits.Reserve(req.Context(), limits.Draft(u.AccountID, u.ID)); err != nil {
		return "", draft{}, err
	}
	kept := sealedDraft{box.Seal(nil, nil, text, nil), req.info.At.Add(draftLifetime)} //nolint:gosec // G407: the box makes the nonce
	return code, d, c.drafts().Put(req.Context(), ephemeral.Digest(code), kept)
}

// draft returns the user's draft for the path, or for whatever path if it is empty, and leaves it. It returns errDraftGone if there is
// none.
func (c *Console) draft(req *request, code, userID, path string) (draft, error) {
	kept, err := c.drafts().Get(req.Context(), ephemeral.Digest(code), req.info.At)
	return kept.open(code, userID, path, err)
}

// takeDraft is draft that uses it up: of many callers one gets it. Whoever may not have it leaves it alone.
func (c *Console) takeDraft(req *request, code, userID, path string) (draft, error) {
	if _, err := c.draft(req, code, userID, path); err != nil {
		return draft{}, err
	}
	kept, err := c.drafts().Take(req.Context(), ephemeral.Digest(code), req.info.At)
	return kept.open(code, userID, path, err)
}

func (d sealedDraft) open(code, userID, path string, err error) (opened draft, _ error) {
	if errors.Is(err, store.ErrNotFound) {
		return draft{}, errDraftGone
	}
	if err != nil {
		return draft{}, err
	}
	box, err := draftBox(code)
	if err != nil {
		return draft{}, err
	}
	text, err := box.Open(nil, nil, d.Sealed, nil)
	if err != nil || json.Unmarshal(text, &opened) != nil || opened.UserID != userID || path != "" && opened.Path != path {
		return draft{}, errDraftGone
	}
	return opened, nil
}

// fromAddress are the parameters of an address that say what a page shows. None of them fills in a form: else a link could put somebody
// else's e-mail address, or no networks, into a form that the visitor then sends with a change of their own.
func fromAddress(u *url.URL) url.Values {
	values := u.Query()
	if u.Path == securityPath || u.Path == previewExportPath { // the form asks for a preview in this way, and shows what it previews
		return values
	}
	for name := range values {
		switch name {
		case "after", "q", "list", "format", "action", "who", "key", "tenant", "since", "until", "range", "do", "all", "selected":
		default:
			delete(values, name)
		}
	}
	return values
}

// fillFromDraft lets a page show the form of the draft in the query, as the visitor had filled it in.
func (c *Console) fillFromDraft(req *request) error {
	if req.Method == http.MethodPost {
		return nil
	}
	code := req.URL.Query().Get(draftField)
	if req.Form = fromAddress(req.URL); code == "" {
		return nil
	}
	d, err := c.takeDraft(req, code, req.actor.User.ID, req.URL.Path)
	if errors.Is(err, errDraftGone) {
		return nil // a reload: the form is shown empty
	}
	if err != nil {
		return err
	}
	delete(d.Fields, formToken) // the page makes another
	req.Form = d.Fields
	notice := "Nothing was sent yet. What you entered is here: look at it, and send it."
	if d.Partial {
		notice = "Nothing was sent yet. What you entered is here, but passwords and the answers of passkeys are never kept: " +
			"enter that part again, and send it."
	}
	req.layout.Notice = strings.TrimSpace(req.layout.Notice + " " + notice)
	return nil
}
