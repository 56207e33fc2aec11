package console

import (
	"errors"

	"mintkey/policy"
)

// accountField holds the account that a form is about, where its path does not say so. Which account those pages are about is a matter of
// the session, and an operator who goes to another account in a second tab, or by a link, changes it under the form.
const accountField = "in_account"

// errOtherAccount refuses a form that was shown for another account than the one that the visitor is in now.
var errOtherAccount = errors.New("the form is about another account")

// here wraps a handler of such a form. Only operators can be in several accounts, so for others a form without the field has one meaning.
func (c *Console) here(handle handler) handler {
	return func(req *request) error {
		about := req.PostForm.Get(accountField)
		if about != req.in.Account.ID && (about != "" || req.actor.Authority() >= policy.AuthorityOperator) {
			return errOtherAccount
		}
		return handle(req)
	}
}
