package grants

import (
	"net/http"
	"slices"
	"strings"

	"mintkey/server/web"
)

// Request is a parsed token request. Later phases do not see the form.
type Request struct {
	Grant     Grant
	Scopes    []string // as requested; none: all that the grant allows
	Resources []string // RFC 8707; none: the default audience. More than one is refused, once it is known who asks
}

// parse reads a request to the token endpoint.
func (e *Endpoint) parse(w http.ResponseWriter, r *http.Request) (Request, error) {
	form, err := web.ParseForm(w, r)
	if err != nil {
		return Request{}, err
	}
	name := form.Get("grant_type")
	if name == "" {
		return Request{}, web.Refuse(web.ErrInvalidRequest, "The parameter grant_type is missing.")
	}
	for _, known := range e.kinds() {
		if known.name == name {
			grant, err := known.parse(r, form)
			resources := withAudience(resourcesOf(form.All("resource")), form.Get("audience"))
			return Request{Grant: grant, Scopes: scopesOf(form.Get("scope")), Resources: resources}, err
		}
	}
	return Request{}, web.Refuse(web.ErrUnsupportedGrantType, "grant_type must be %s.", strings.Join(e.Types(), " or "))
}

func scopesOf(parameter string) []string {
	if parameter == "" {
		return nil
	}
	return strings.Split(parameter, " ")
}

// withAudience adds what the parameter audience names, which is what other servers call resource: a program that was written for one of
// them would otherwise get a token for another API than it asks for, without a word.
func withAudience(resources []string, audience string) []string {
	if audience == "" || slices.Contains(resources, audience) {
		return resources
	}
	return append(resources, audience)
}

// resourcesOf drops empty values: a parameter without a value is treated as omitted (RFC 6749 section 3.2).
func resourcesOf(parameters []string) []string {
	return slices.DeleteFunc(parameters, func(resource string) bool { return resource == "" })
}
