package openapitest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

var (
	errUndocumentedRoute  = errors.New("the document has no such route")
	errUndocumentedStatus = errors.New("the document does not have this status for the operation")
	errUndocumentedBody   = errors.New("the document has no body for this answer")
	errNotOneJSONValue    = errors.New("the body is not one JSON value")
)

// check returns what the document does not allow about an answer.
func (c *Checker) check(asked *http.Request, got *httptest.ResponseRecorder) error {
	head := asked.Method == http.MethodHead
	if head { // GET without the body (RFC 9110 section 9.3.2), and not in the document
		asked.Method = http.MethodGet
	}
	route, _, err := c.doc.router.FindRoute(asked)
	if err != nil {
		return c.checkUnmatched(asked, got, err)
	}
	response := route.Operation.Responses.Status(got.Code)
	if response == nil {
		return errUndocumentedStatus
	}
	c.saw(answer(route.Method, route.Path, strconv.Itoa(got.Code)))

	header, body := got.Result().Header, got.Body.Bytes() // as sent: what was set after the status does not count
	switch {
	case head:
	case len(response.Value.Content) == 0 && len(body) > 0: // kin-openapi accepts it
		return errUndocumentedBody
	case isJSON(header) && !json.Valid(body): // kin-openapi reads the first value and stops
		return errNotOneJSONValue
	}
	options := &openapi3filter.Options{ExcludeResponseBody: head, MultiError: true, SchemaValidationOptions: formats()}
	return openapi3filter.ValidateResponse(asked.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: asked, Route: route},
		Status:                 got.Code,
		Header:                 header,
		Body:                   io.NopCloser(bytes.NewReader(body)),
		Options:                options,
	})
}

// checkUnmatched checks the answer to a request that no operation matches: it must be a refusal.
func (c *Checker) checkUnmatched(asked *http.Request, got *httptest.ResponseRecorder, reason error) error {
	switch {
	case errors.Is(reason, routers.ErrMethodNotAllowed) && got.Code == http.StatusMethodNotAllowed:
		return c.checkAllow(asked, got.Header().Get("Allow"))
	case asked.Method == http.MethodOptions && got.Code == http.StatusNoContent && got.Header().Get("Access-Control-Allow-Origin") != "":
		return nil // a preflight (CORS), which OpenAPI does not describe
	case errors.Is(reason, routers.ErrPathNotFound) && got.Code == http.StatusNotFound:
		return nil
	case path.Clean(asked.URL.Path) != asked.URL.Path && got.Code == http.StatusMovedPermanently:
		return nil // gorilla/mux sends the client to the clean path
	}
	return errUndocumentedRoute
}

// checkAllow compares Allow, which a 405 must have (RFC 9110 section 15.5.6), with the operations of the path.
func (c *Checker) checkAllow(asked *http.Request, allow string) error {
	var documented []string
	for _, method := range []string{http.MethodDelete, http.MethodGet, http.MethodPatch, http.MethodPost, http.MethodPut} {
		asked.Method = method
		if _, _, err := c.doc.router.FindRoute(asked); err == nil {
			documented = append(documented, method)
		}
	}
	var allowed []string
	for method := range strings.SplitSeq(allow, ",") {
		if method = strings.TrimSpace(method); method != http.MethodHead && method != http.MethodOptions {
			allowed = append(allowed, method)
		}
	}
	slices.Sort(allowed)
	if !slices.Equal(allowed, documented) {
		return fmt.Errorf("the header Allow is %q, but the document has %s", allow, strings.Join(documented, ", "))
	}
	return nil
}

func isJSON(header http.Header) bool {
	mediaType, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	return err == nil && (mediaType == "application/json" || strings.HasSuffix(mediaType, "+json"))
}
