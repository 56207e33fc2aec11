package console

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"

	"mintkey/passwords"
	"mintkey/policy"
	"mintkey/server/limits"
	"mintkey/server/web"
)

// showError answers with an error page. A visitor whose sign-in has ended goes to the sign-in page and returns here afterwards.
func (c *Console) showError(req *request, err error) {
	signedOut := errors.Is(err, errSignedOut)
	if signedOut && req.Header.Get("HX-Request") == "" {
		_ = req.redirect(signInPath + c.nextQuery(req, err))
		return
	}
	e := explain(err)
	page := errorPage{Heading: e.title, Text: e.text}
	if signedOut { // a part of a page was asked for, and the page is still there with all that was typed
		page.SignIn = signInPath + c.nextQuery(req, err)
	}
	if c.noteFailure(req, e, err) {
		page.RequestID = req.info.ID
	}
	if err := c.showAs(req, e.status, "error", e.title, page); err != nil {
		http.Error(req.w, e.title, e.status)
	}
}

// noteFailure logs a failure of the server, and says so. A limit that was reached is not logged: a flood must not fill the log, and the
// access log has each request.
func (c *Console) noteFailure(req *request, e explanation, err error) bool {
	retryAfter(req, err)
	if passes(err) || e.status < http.StatusInternalServerError || req.Context().Err() != nil {
		return false
	}
	c.Log.ErrorContext(req.Context(), "console request failed",
		slog.String("request_id", req.info.ID), slog.String("error", policy.WithoutSecrets(err.Error())))
	return true
}

// passes says whether an error is over after a while, without anybody's doing: a limit that was reached.
func passes(err error) bool {
	_, many := errors.AsType[*limits.TooManyError](err)
	return many || errors.Is(err, passwords.ErrBusy) || errors.Is(err, web.ErrOverloaded)
}

// retryAfter tells programs when an error that passes is over.
func retryAfter(req *request, err error) {
	if many, ok := errors.AsType[*limits.TooManyError](err); ok {
		req.w.Header().Set("Retry-After", strconv.Itoa(many.Seconds()))
	} else if passes(err) {
		req.w.Header().Set("Retry-After", "5")
	}
}

// nextQuery is the query parameter that returns the visitor to this page after the sign-in.
func (c *Console) nextQuery(req *request, cause error) string {
	var next string
	if req.Header.Get("HX-Request") == "" {
		next = c.again(req, cause)
	} else if u, err := url.Parse(req.Header.Get("HX-Current-URL")); err == nil {
		next = u.RequestURI() // the page that contains the requested part
	}
	if next = localPath(next); next == homePath {
		return ""
	}
	return "?" + url.Values{"next": {next}}.Encode()
}
