package console

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

const pickUpPath = "/console/pick-up/"

// handedOverPage shows the admin the link to pass on to the owner, not the secret.
type handedOverPage struct {
	Key         keyRow
	Link        string
	Mailed      bool // the owner also gets a link by e-mail
	Expires     stamp
	Back        string
	Unconfirmed bool // by a replica of the store
}

func (c *Console) createForPickUp(req *request, input admin.NewKey) error {
	key, link, err := c.Service.CreateKeyForPickUp(req.Context(), req.actor, req.in, input)
	if _, ok := formFault(err); err != nil && ok {
		return c.showNewKey(req, err)
	}
	if err != nil {
		return err
	}
	if err := c.noteForm(req, key.ClientID); err != nil {
		return err
	}
	return c.show(req, "handed-over", "Ready for pick-up", handedOverPage{
		Key: newKeyRow(key, req.in.Account.Expiration, req.info.At), Link: c.URL + pickUpPath + link.Code, Mailed: c.Mail,
		Expires: newStamp(link.Expires, req.info.At), Back: keysPath(req.in.Tenant.ID),
		Unconfirmed: key.Unconfirmed,
	})
}

type pickUpPage struct {
	Path   string
	Tenant string
	Key    keyRow
}

// pickUpPage shows the owner the waiting key. Opening the link does not use it up: mail programs do that to look for viruses.
func (c *Console) pickUpPage(req *request) error {
	key, in, err := c.Service.WaitingKey(req.Context(), req.actor, req.PathValue("code"))
	if err != nil {
		return c.showNoPickUp(req, err)
	}
	page := pickUpPage{req.URL.Path, in.Tenant.Name, newKeyRow(key, in.Account.Expiration, req.info.At)}
	return c.show(req, "pick-up", "Pick up your access key", page)
}

func (c *Console) pickUp(req *request) error {
	_, in, err := c.Service.WaitingKey(req.Context(), req.actor, req.PathValue("code"))
	if err != nil {
		return c.showNoPickUp(req, err)
	}
	key, secret, err := c.Service.PickUpKey(req.Context(), req.actor, req.PathValue("code"))
	if err != nil {
		return c.showNoPickUp(req, err) // perhaps a second click
	}
	req.in = in
	return c.showSecret(req, key, secret, "Your access key")
}

// noPickUpPage says why a link gives nothing. Only the owner of the key is told what has become of it; to anybody else a link for another
// person, one that is too old and one that never was look the same.
type noPickUpPage struct {
	Key     *keyRow // the visitor's, if the link was for them
	Refresh string
	Path    string
}

func (c *Console) showNoPickUp(req *request, cause error) error {
	if !errors.Is(cause, store.ErrNotFound) {
		return cause
	}
	page := noPickUpPage{Path: req.URL.Path}
	key, err := c.Service.KeyOfPickUp(req.Context(), req.actor, req.PathValue("code"))
	switch {
	case err == nil:
		row := newKeyRow(key, req.in.Account.Expiration, req.info.At)
		page.Key, page.Refresh = &row, accountPath+"/keys/"+key.ClientID+"/refresh"
		return c.showAs(req, http.StatusGone, "no-pick-up", "Already picked up", page)
	case !errors.Is(err, store.ErrNotFound) && !errors.Is(err, policy.ErrKeyNotFound):
		return err
	}
	return c.showStatus(req, cause, "no-pick-up", "Nothing to pick up", page)
}

// isOwnPath reports whether a page is about the visitor's own keys, rather than a tenant's.
func isOwnPath(u *url.URL) bool {
	return strings.HasPrefix(u.Path, accountPath) || strings.HasPrefix(u.Path, pickUpPath)
}
