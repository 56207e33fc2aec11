package notify

import (
	"context"
	netmail "net/mail"

	"mintkey/policy"
	"mintkey/store"
)

const (
	// maxAdmins is how many admins of a tenant are written to: as many messages as fit into the time for one delivery.
	maxAdmins = 20
	// membersAtOnce is how many members of a tenant are read at once.
	membersAtOnce = 500
)

// sendAboutLeak writes to the owner of the key, and to the admins of its tenant (R35). Those who were found do not wait
// for the rest when the store can't be read.
func (m *Mail) sendAboutLeak(
	ctx context.Context, template messageTemplate, event policy.Event, content message, owner *netmail.Address,
) error {
	content.OverlapEnded, content.FoundAt = event.Payload.Leak.Effect == policy.LeakEndsOverlap, oneLine(event.Payload.Leak.URL)
	admins, err := m.admins(ctx, event)
	content.Own = true
	all := []recipient{{event.ID, content, owner}}
	for _, admin := range admins {
		content.Own, content.KeyOwner, content.Owner = false, owner.Name, oneLine(admin.Name)
		all = append(all, recipient{event.ID + "." + admin.ID, content, &netmail.Address{Name: content.Owner, Address: admin.Email}})
	}
	return m.sendEach(ctx, template, event, all, err)
}

// admins are the admins of the event's tenant who can act, but for the user whom the event is about.
func (m *Mail) admins(ctx context.Context, event policy.Event) (admins []policy.User, err error) {
	for page := (store.Page{Limit: membersAtOnce}); ; {
		members, err := m.records.Memberships(ctx, event.TenantID, page)
		if err != nil {
			return admins, err
		}
		for _, member := range members {
			if member.Role != policy.RoleTenantAdmin || member.UserID == event.UserID || len(admins) == maxAdmins {
				continue
			}
			user, err := m.records.User(ctx, member.AccountID, member.UserID)
			if absent(err) != nil {
				return admins, err
			}
			if err == nil && !user.Disabled && member.BelongsTo(user) {
				admins = append(admins, user)
			}
		}
		if len(members) < membersAtOnce || len(admins) == maxAdmins {
			return admins, nil
		}
		page.After = members[len(members)-1].UserID
	}
}
