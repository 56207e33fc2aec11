package notify

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"mintkey/policy"
	"mintkey/store"
)

const (
	messageUserChanged = "user.changed"
	maxLine            = 76 // bytes
)

// changed is the user whom a message about the event goes to: at the address from before, which still belongs to the person if somebody
// else is taking the user over. A user who was deleted right after that gets it too.
func (m *Mail) changed(ctx context.Context, event policy.Event) (policy.User, error) {
	user, err := m.records.User(ctx, event.AccountID, event.UserID)
	if event.Payload.Person == nil || event.Payload.Person.Email == nil {
		return user, err
	}
	before := event.Payload.Person.Email.Before
	if errors.Is(err, store.ErrNotFound) {
		user, err = policy.User{Name: before}, nil
	}
	user.Email = before
	return user, err
}

// changesIn lists what changed, in sentences.
func (m *Mail) changesIn(ctx context.Context, event policy.Event) (changes []string, err error) {
	person := event.Payload.Person
	if person == nil {
		return factorChanges(event.Payload.SecondFactor), nil
	}
	if person.Email != nil {
		changes = append(changes, "Your e-mail address is now "+oneLine(person.Email.After)+".")
	}
	if person.Roles != nil {
		where := "in the account"
		if event.TenantID != "" {
			tenant, err := m.records.Tenant(ctx, event.TenantID)
			if err != nil {
				return nil, err
			}
			where = "in the tenant " + oneLine(tenant.Name) + " (" + tenant.ID + ")"
		}
		changes = append(changes, "Your role "+where+" is now "+roles(person.Roles.After)+". It was "+roles(person.Roles.Before)+".")
	}
	if person.OpenID {
		changes = append(changes, "Your binding to the sign-in provider is gone: the next person with your address there becomes you here.")
	}
	if person.Robot {
		changes = append(changes, "This user is a robot now, which nobody can sign in as: the password, all sessions and all links have ended. "+
			"Its access keys go on working.")
	}
	if wanted := person.NewBrowser; wanted != nil {
		changes = append(changes, "You "+map[bool]string{true: "get a mail again", false: "no longer get a mail"}[*wanted]+
			" when somebody signs in as you from a new browser.")
	}
	switch password := event.Payload.Password; {
	case password == nil || person.Robot:
	case password.TakenAway:
		changes = append(changes, "Your password was taken away.")
	default:
		changes = append(changes, "A new password was set.")
	}
	return changes, nil
}

// factorChanges says what happened to a second factor.
func factorChanges(factor *policy.SecondFactorChange) (changes []string) {
	if factor == nil {
		return nil
	}
	if factor.PasskeyAdded != "" {
		changes = append(changes, "The passkey “"+oneLine(factor.PasskeyAdded)+"” was added. "+
			"With it, and not with the password alone, you sign in.")
	}
	if factor.PasskeyRemoved != "" {
		changes = append(changes, "The passkey “"+oneLine(factor.PasskeyRemoved)+"” was removed.")
	}
	if factor.CodesMade {
		changes = append(changes, "New recovery codes were made. Older ones no longer work.")
	}
	if factor.CodeUsed {
		changes = append(changes, "A recovery code was used to sign in. Codes left: "+strconv.Itoa(factor.CodesLeft)+".")
	}
	if factor.TakenAway {
		changes = append(changes, "All your passkeys and recovery codes were taken away, and all sessions ended: "+
			"your password alone signs you in again.")
	}
	return changes
}

// roles puts roles in words.
func roles(all []policy.Role) string {
	if len(all) == 0 {
		return "none"
	}
	var names []string
	for _, role := range all {
		names = append(names, strings.ReplaceAll(string(role), "_", " "))
	}
	return strings.Join(names, " and ")
}

// ChangeLines is Changes as a list with lines that fit into a mail.
func (m message) ChangeLines() string {
	var list strings.Builder
	for _, change := range m.Changes {
		line := "-"
		for word := range strings.FieldsSeq(change) {
			if len(line)+1+len(word) > maxLine {
				list.WriteString(line + "\n")
				line = " "
			}
			line += " " + word
		}
		list.WriteString(line + "\n")
	}
	return list.String()
}

// methodText says how somebody signed in.
func methodText(method string) string {
	switch method {
	case policy.MethodPassword:
		return "the password"
	case policy.MethodPasskey:
		return "a passkey"
	case policy.MethodPasswordAndPasskey:
		return "the password and a passkey"
	case policy.MethodOpenID:
		return "the sign-in provider"
	default:
		return "the password and a recovery code"
	}
}
