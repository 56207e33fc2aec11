package console

import (
	"errors"
	"strings"

	"mintkey/policy"
	"mintkey/store"
	"mintkey/store/ephemeral"
)

const firstStepsPath = "/console/first-steps"

// firstSteps is the way of a new account to its first token.
type firstSteps struct {
	Steps  []firstStep
	Done   bool
	Issuer string
	APIs   string // that tokens can be for; empty if none is configured
	Path   string // to hide it at
	Shown  bool   // on a page of its own, where it cannot be hidden
}

type firstStep struct {
	Title, Text, Path, Do string
	Done, Next            bool
	Curl                  bool // the step can be done from a shell
}

// hiddenSteps remembers that somebody does not want to see the first steps of an account on other pages.
type hiddenSteps struct{}

func (c *Console) hiddenSteps() ephemeral.Records[hiddenSteps] {
	return ephemeral.Records[hiddenSteps]{Store: c.Store, Prefix: "first-steps/"}
}

func hiddenStepsID(req *request) string { return req.in.Account.ID + "/" + req.actor.User.ID }

// firstSteps returns what the first pages of an account admin show while the account has no key or no token yet; else nil.
func (c *Console) firstSteps(req *request) (*firstSteps, error) {
	part := req.Header.Get("HX-Request") != ""
	if may := req.actor.Require(policy.ScopeTenantsWrite) == nil; part || !may {
		return nil, nil //nolint:nilnil // nothing to show
	}
	steps, err := c.stepsOf(req)
	if err != nil {
		return nil, err
	}
	if steps.Done {
		return nil, nil //nolint:nilnil // nothing left to show
	}
	switch _, err := c.hiddenSteps().Get(req.Context(), hiddenStepsID(req)); {
	case err == nil:
		return nil, nil //nolint:nilnil // nothing that is wanted
	case errors.Is(err, store.ErrNotFound):
		return steps, nil
	default:
		return nil, err
	}
}

func (c *Console) stepsOf(req *request) (*firstSteps, error) {
	found, err := c.Service.FirstSteps(req.Context(), req.actor, req.in)
	if err != nil {
		return nil, err
	}
	page := &firstSteps{Issuer: c.Issuer, Path: firstStepsPath, APIs: strings.Join(c.Service.Audiences.APIs, ", ")}
	keys, users, newKey := tenantsPath, usersPath, ""
	if found.TenantID != "" {
		keys = keysPath(found.TenantID)
		users, newKey = usersPath+"/new", keys+"/new"
	}
	page.Steps = []firstStep{
		{
			Title: "Create a tenant", Do: "Create a tenant", Path: tenantsPath + "/new", Done: found.TenantID != "",
			Text: "A part of the account with members, access keys and tokens of its own.",
		},
		{
			Title: "Add a user to it", Do: "Add a user", Path: users, Done: found.Member,
			Text: "Each access key belongs to a member of the tenant: a person, or a robot for a program. You can be one yourself.",
		},
		{
			Title: "Create the first access key", Do: "Create an access key", Path: newKey, Done: found.Key,
			Text: "A client ID and a secret, which is shown once.",
		},
		{
			Title: "Fetch the first token", Do: "See the access keys", Path: keys, Done: found.Token, Curl: true,
			Text: "Press “Test this key” on the page that shows the secret, or use curl with both values:",
		},
	}
	page.Done = true
	for i := range page.Steps {
		if !page.Steps[i].Done && page.Done {
			page.Steps[i].Next, page.Done = true, false
		}
	}
	return page, nil
}

// firstStepsPage shows the steps whether or not they are done or hidden.
func (c *Console) firstStepsPage(req *request) error {
	page, err := c.stepsOf(req)
	if err != nil {
		return err
	}
	page.Shown = true
	return c.show(req, "first-steps", "First steps", page)
}

func (c *Console) hideFirstSteps(req *request) error {
	err := c.hiddenSteps().Put(req.Context(), hiddenStepsID(req), hiddenSteps{}, req.info.At.Add(lastTenantKept))
	if err != nil {
		return err
	}
	c.flash(req, "Hidden. The first steps are at the foot of every page.")
	return req.redirect(homePath)
}
