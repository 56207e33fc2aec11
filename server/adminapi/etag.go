package adminapi

import (
	"strings"

	"mintkey/admin"
	"mintkey/server/web"
)

// withTag is the reply with the ETag of what it shows (RFC 9110 section 8.8.3).
func (r Reply) withTag(tag admin.Tag) Reply {
	r.etag = `"` + string(tag) + `"`
	return r
}

// ifMatch reads the condition of a change (RFC 9110 section 13.1.1). Weak tags match nothing.
func (c *Call) ifMatch() (admin.IfMatch, error) {
	lines := c.Header.Values("If-Match")
	if len(lines) == 0 {
		return admin.IfMatch{}, nil
	}
	condition, rest := admin.IfMatch{Given: true}, strings.Trim(strings.Join(lines, ","), " \t")
	if rest == "*" {
		condition.Any = true
		return condition, nil
	}
	for {
		opaque, weak := strings.CutPrefix(rest, "W/")
		tag, after, whole := strings.Cut(strings.TrimPrefix(opaque, `"`), `"`)
		if !whole || !strings.HasPrefix(opaque, `"`) {
			return admin.IfMatch{}, web.Refuse(web.ErrInvalidRequest, `If-Match is * or a list of entity tags, such as "0123abcd".`)
		}
		if !weak {
			condition.Tags = append(condition.Tags, admin.Tag(tag))
		}
		after = strings.TrimLeft(after, " \t")
		if after == "" {
			return condition, nil
		}
		if !strings.HasPrefix(after, ",") {
			return admin.IfMatch{}, web.Refuse(web.ErrInvalidRequest, "In If-Match there is a comma between two entity tags.")
		}
		rest = strings.TrimLeft(after, ", \t") // empty elements are allowed (RFC 9110 section 5.6.1.2)
		if rest == "" {
			return condition, nil
		}
	}
}
