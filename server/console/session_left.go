package console

import (
	"encoding/json"
	"time"

	"mintkey/admin"
)

// left is until when the session lasts if nothing more is done, and until when it can last at most.
func (s session) left(now time.Time) (idle, most time.Duration) {
	most = admin.SessionLongest - now.Sub(s.Started)
	return min(admin.SessionIdle-now.Sub(s.Seen), most), most
}

// sessionLeft says how long the session lasts, and does not make it last longer.
func (c *Console) sessionLeft(req *request) error {
	s, err := c.session(req.Context(), req.info.At)
	if err != nil {
		return err
	}
	return req.writeLeft(s)
}

// staySignedIn makes the session last as long as it would after any other request, to the second.
func (c *Console) staySignedIn(req *request) error {
	if err := c.Service.SessionUsed(req.Context(), req.actor, req.session.ID); err != nil {
		return err
	}
	return c.sessionLeft(req)
}

func (req *request) writeLeft(s session) error {
	left, most := s.left(req.info.At)
	req.w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(req.w).Encode(map[string]int{"left": int(left.Seconds()), "most": int(most.Seconds())})
}
