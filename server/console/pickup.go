package console

import (
	"net/url"
	"strings"

	"mintkey/admin"
)

const pickUpPath = "/console/pick-up/"

// handedOverPage tells the admin what the owner needs: the link, and no secret.
type handedOverPage struct {
	Key     keyRow
	Link    string
	Mailed  bool // the owner gets a link by e-mail too
	Expires stamp
	Back    string
}

func (c *Console) createForPickUp(v *visit, wish admin.NewKey) error {
	key, link, err := c.Service.CreateKeyForPickUp(v.Context(), v.actor, v.place, wish)
	if _, ok := formFault(err); err != nil && ok {
		return c.showNewKey(v, err)
	}
	if err != nil {
		return err
	}
	if err := c.noteForm(v, key.ClientID); err != nil {
		return err
	}
	return c.show(v, "handed-over", "Ready for pick-up", handedOverPage{
		Key: newKeyRow(key, v.place.Account.Expiration, v.about.At), Link: c.Issuer + pickUpPath + link.Code, Mailed: c.Mail,
		Expires: newStamp(link.Expires, v.about.At), Back: keysPath(v.place.Tenant.ID),
	})
}

type pickUpPage struct {
	Path   string
	Tenant string
	Key    keyRow
}

// pickUpPage shows the owner what waits. Opening the link uses nothing up: mail programs do it to look for viruses.
func (c *Console) pickUpPage(v *visit) error {
	key, in, err := c.Service.WaitingKey(v.Context(), v.actor, v.PathValue("code"))
	if err != nil {
		return err
	}
	return c.show(v, "pick-up", "Pick up your access key", pickUpPage{v.URL.Path, in.Tenant.Name, newKeyRow(key, in.Account.Expiration, v.about.At)})
}

func (c *Console) pickUp(v *visit) error {
	_, in, err := c.Service.WaitingKey(v.Context(), v.actor, v.PathValue("code"))
	if err != nil {
		return err
	}
	key, secret, err := c.Service.PickUpKey(v.Context(), v.actor, v.PathValue("code"))
	if err != nil {
		return err
	}
	v.place = in
	return c.showNewSecret(v, key, secret, "Your access key")
}

// isOwnPath says whether a page is about the visitor's own keys and not a tenant's.
func isOwnPath(u *url.URL) bool {
	return strings.HasPrefix(u.Path, accountPath) || strings.HasPrefix(u.Path, pickUpPath)
}
