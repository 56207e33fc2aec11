package console

import (
	"mintkey/admin"
)

const (
	endOverlapTemplate = "key-end-overlap"
	endOverlapTitle    = "End the overlap"
)

func (c *Console) endOverlapPage(req *request) error {
	return c.showChange(req, endOverlapTemplate, endOverlapTitle, nil)
}

func (c *Console) endOverlap(req *request) error {
	key, err := c.Service.Key(req.Context(), req.actor, req.in, req.PathValue("client_id"))
	if err != nil {
		return err
	}
	if err := c.Service.EndOverlap(req.Context(), req.actor, req.in, key.ClientID, req.endsTokens()); err != nil {
		return err
	}
	return c.overlapEnded(req, key, req.backToKeys())
}

func (c *Console) endOwnOverlapPage(req *request) error {
	key, err := c.ownKey(req)
	if err != nil {
		return err
	}
	return c.showChangeOf(req, key, endOverlapTemplate, endOverlapTitle, nil)
}

func (c *Console) endOwnOverlap(req *request) error {
	key, err := c.ownKey(req)
	if err != nil {
		return err
	}
	if err := c.Service.EndOwnOverlap(req.Context(), req.actor, req.in, key.ClientID, req.endsTokens()); err != nil {
		return err
	}
	return c.overlapEnded(req, key, accountPath)
}

// endsTokens says whether the form asks to end the tokens of the old secret too.
func (req *request) endsTokens() bool { return req.PostForm.Get("revoke_tokens") != "" }

func (c *Console) overlapEnded(req *request, key admin.Key, back string) error {
	c.flash(req, "The old secret of "+key.ClientID+" has stopped working.")
	return req.redirect(back)
}
