package console

import (
	"errors"
	"net/url"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/store"
)

// mustRegister says whether the account lets the visitor do nothing before they have a second factor. It goes by the highest role in any of
// their tenants: one who is an admin elsewhere could refresh a key there from here.
func (c *Console) mustRegister(req *request) (bool, error) {
	account, user, method := req.actor.Account, req.actor.User, req.began.method
	if !account.MustRegister(user, policy.AuthorityOperator, method) { // nor anybody else
		return false, nil
	}
	if account.MustRegister(user, req.actor.Standing(), method) {
		return true, nil
	}
	tenants, err := c.Store.TenantsOf(req.Context(), account.ID, user.ID)
	for _, id := range tenants {
		subject, err := c.Store.Subject(req.Context(), id, user.ID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return false, err
		}
		if err == nil && account.MustRegister(user, subject.Standing(), method) {
			return true, nil
		}
	}
	return false, err
}

// closedTo says whether an account that is not the actor's own lets them do nothing there without a second factor, whatever their own
// account asks: an operator who enters an account has more power there than its admins.
func closedTo(actor admin.Actor, method string, account policy.Account) bool {
	return account.ID != actor.Account.ID && account.MustRegister(actor.User, actor.Standing(), method)
}

// askToRegister leads an operator to whom the account is closed to where a passkey is made. Their own account stays open.
func (c *Console) askToRegister(req *request, account policy.Account) error {
	c.flash(req, account.Name+" requires a second factor of its admins, and of operators who go there. Add a passkey first.")
	return req.redirect(newPasskeyPath)
}

// factorRuleForm asks whether the account is to require a second factor of admins, or no longer.
type factorRuleForm struct {
	Required bool // it does now
	Can      bool // the visitor has a passkey, and so may require one of others
	Fault    fault
}

func (c *Console) factorRulePage(req *request) error { return c.showFactorRule(req, nil) }

func (c *Console) showFactorRule(req *request, cause error) error {
	form := factorRuleForm{
		Required: req.in.Account.SecondFactorOf() == policy.SecondFactorRequiredForAdmins, Can: req.actor.User.HasSecondFactor(),
	}
	if cause == nil {
		return c.show(req, "second-factor-rule", "Second factor", form)
	}
	form.Fault, _ = formFault(cause)
	return c.showStatus(req, cause, "second-factor-rule", "Second factor", form)
}

func (c *Console) setFactorRule(req *request) error {
	rule := policy.SecondFactorRule(req.PostForm.Get("second_factor"))
	_, err := c.Service.SetSecondFactor(req.Context(), req.actor, req.in, rule)
	if _, ok := formFault(err); err != nil && ok {
		return c.showFactorRule(req, err)
	}
	if err != nil {
		return err
	}
	notice := "A second factor is optional now."
	if rule == policy.SecondFactorRequiredForAdmins {
		notice = "Saved. Admins without a passkey can do nothing until they have added one, also those who are signed in now."
	}
	c.flash(req, notice)
	return req.redirect(securityPath)
}

// resetSecondFactor lets somebody in again who has lost all passkeys and codes.
func (c *Console) resetSecondFactor(req *request, id string) error {
	user, err := c.Service.ResetSecondFactor(req.Context(), req.actor, req.in, id)
	if _, ok := formFault(err); err != nil && ok {
		return c.showUser(req, err)
	}
	if err != nil {
		return err
	}
	c.flash(req, "Taken away. The password alone signs "+user.Name+" in again; all sessions have ended.")
	return req.redirect(usersPath + "/" + url.PathEscape(id))
}
