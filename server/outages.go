package server

import (
	"mintkey/logs"
	"mintkey/store"
)

// NewOutages returns the log of the tasks that a server repeats: what is wrong with the store is one outage over all of them.
func NewOutages() *logs.Outages {
	return logs.NewOutages(
		logs.Shared{Err: store.ErrTakesNoChanges, Message: "the store takes no changes; tokens are issued, changes get 503; will retry"},
		logs.Shared{Err: store.ErrUnconfirmed, Message: "no replica of the store confirms changes; tokens are issued; will retry"},
		logs.Shared{Err: store.ErrPrimaryInDoubt, Message: "the store may have another primary, and this server be cut off from it; " +
			"gateways are served from memory, the rest gets 503; will retry"},
		logs.Shared{Err: store.ErrUnavailable, Message: "the store is away; gateways are served from memory, the rest gets 503; will retry"},
	)
}
