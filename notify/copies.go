package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	netmail "net/mail"

	"mintkey/policy"
)

// sendNotice writes to the owner of a key that expires, and to each notice address of the tenant (R16), but not to the owner twice.
func (m *Mail) sendNotice(
	ctx context.Context, template messageTemplate, event policy.Event, content message, owner *netmail.Address,
) error {
	all := []recipient{{event.ID, content, owner}}
	content.KeyOwner, content.Owner = owner.Name, ""
	for _, address := range content.copies {
		if folded := policy.FoldEmail(address); folded != policy.FoldEmail(owner.Address) {
			digest := sha256.Sum256([]byte(folded)) // an address is no part of a Message-ID
			id := event.ID + "." + hex.EncodeToString(digest[:8])
			all = append(all, recipient{id, content, &netmail.Address{Address: address}})
		}
	}
	return m.sendEach(ctx, template, event, all, nil)
}
