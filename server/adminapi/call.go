package adminapi

import (
	"fmt"
	"net/http"
	"net/url"

	"mintkey/server/web"
)

// decode reads the body strictly.
func decode[T any](c *Call) (body T, err error) {
	err = web.ReadJSON(c.w, c.Request.Request, &body)
	return body, err
}

// decodeOptional is decode for an optional body; without one, the defaults apply.
func decodeOptional[T any](c *Call) (body T, err error) {
	err = web.ReadOptionalJSON(c.w, c.Request.Request, &body)
	return body, err
}

func ok(body any) Reply { return Reply{status: http.StatusOK, body: body} }

func created(body any, pathFormat string, parts ...any) Reply {
	for i, part := range parts {
		parts[i] = url.PathEscape(fmt.Sprint(part))
	}
	return Reply{status: http.StatusCreated, body: body, location: fmt.Sprintf(pathFormat, parts...)}
}

func noContent() Reply { return Reply{status: http.StatusNoContent} }
