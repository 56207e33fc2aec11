package console

import (
	"cmp"
	"errors"
	"time"

	"mintkey/admin"
	"mintkey/policy"
)

// tagField holds the tag of a record as the form showed it, so that who saves over what somebody else has changed meanwhile is told.
const tagField = "if_match"

// ifMatch is the condition of a form that changes a record. One without the field was not made by a page, and has none.
func (req *request) ifMatch() admin.IfMatch {
	tag := req.PostForm.Get(tagField)
	return admin.IfMatch{Given: tag != "", Tags: []admin.Tag{admin.Tag(tag)}}
}

// tag is what the form that is shown carries: the present tag once the visitor was told of the change, and until then the one that they
// began with, whatever mistakes they made in between.
func (req *request) tag(present admin.Tag, cause error) admin.Tag {
	if errors.Is(cause, admin.ErrPreconditionFailed) {
		return present
	}
	return cmp.Or(admin.Tag(req.Form.Get(tagField)), present)
}

// besides are the present values, by field, of what a form shows otherwise.
type besides map[string]string

// note takes a present value down if something else is typed; empty is what to call it when there is none.
func (b besides) note(field, typed, present, empty string) {
	if typed != present {
		b[field] = cmp.Or(present, empty)
	}
}

// changedMeanwhile comes after who did it.
const changedMeanwhile = " has changed this since you opened the page, so nothing was saved. The page has what you entered, and what it " +
	"is now: save again if yours is still right."

// lookBack is how far back the audit trail is searched for who changed a record under a form: forms are rarely open for longer.
const lookBack = time.Hour

// staleFault says that the record has changed since the form was shown and, to those who may read the audit trail, who did it.
func (c *Console) staleFault(req *request, filter admin.EventFilter, about func(policy.Event) bool) (fault, error) {
	who := "Somebody"
	if req.actor.Require(policy.ScopeAuditRead) == nil {
		filter.Since = req.info.At.Add(-lookBack)
		events, _, err := c.Service.Events(req.Context(), req.in, filter, "", eventsPerPage)
		if err != nil {
			return fault{}, err
		}
		names, err := c.namesIn(req.Context(), req.in.Account.ID, events)
		if err != nil {
			return fault{}, err
		}
		for _, event := range events {
			if name := names.user(event.Actor.UserID); name != event.Actor.UserID && about(event) {
				who = name
				break
			}
		}
	}
	return fault{Text: who + changedMeanwhile}, nil
}
