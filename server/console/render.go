package console

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"
)

//go:embed templates
var templateFiles embed.FS

// pages are the page templates by name, each combined with the layout and the shared parts.
type pages map[string]*template.Template

func parsePages(a assets) (pages, error) {
	functions := template.FuncMap{"asset": a.path, "part": newPart, "plural": plural, "grouped": grouped, "emailParts": emailParts}
	shared, err := template.New("").Funcs(functions).ParseFS(templateFiles, "templates/parts/*.html")
	if err != nil {
		return nil, fmt.Errorf("parse templates: %w", err)
	}
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return nil, err
	}
	all := pages{}
	for _, name := range names {
		page, err := shared.Clone()
		if err == nil {
			page, err = page.ParseFS(templateFiles, name)
		}
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", name, err)
		}
		all[strings.TrimSuffix(path.Base(name), ".html")] = page
	}
	return all, nil
}

// part is the data of a shared template that needs more than one value.
type part map[string]any

func newPart(pairs ...any) (part, error) {
	p := part{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("part: %v is not a name", pairs[i])
		}
		p[name] = pairs[i+1]
	}
	return p, nil
}

// view is the data of a page's template.
type view struct {
	layout

	Title string
	Page  any
}

// show answers with a page.
func (c *Console) show(req *request, name, title string, page any) error {
	return c.showAs(req, http.StatusOK, name, title, page)
}

// showStatus answers with the page again, under the status of the error that the form caused.
func (c *Console) showStatus(req *request, cause error, name, title string, page any) error {
	e := explain(cause)
	c.noteFailure(req, e, cause)
	return c.showAs(req, e.status, name, title, page)
}

func (c *Console) showAs(req *request, status int, name, title string, page any) error {
	all, err := c.pages()
	if err != nil {
		return err
	}
	req.layout.Version, req.layout.Shift, req.layout.OpenID = c.Version, shiftText(c.ClockOffset), c.OpenID.Name
	var text bytes.Buffer // buffered, so that a failing template gives an error page, not half a page
	if err := all[name].ExecuteTemplate(&text, "layout", view{req.layout, title, page}); err != nil {
		return fmt.Errorf("show %s: %w", name, err)
	}
	req.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if holdsSecret(name) {
		unpacked(req.w.Header())
	}
	req.w.WriteHeader(status)
	_, _ = text.WriteTo(req.w) // the status is already sent: nothing to do if the browser hung up
	return nil
}

// holdsSecret names the pages that show a secret, or a code that is as good as one.
func holdsSecret(name string) bool {
	return slices.Contains([]string{"secret", "pick-up", "handed-over", "password", "recovery-codes"}, name)
}

// emailParts splits an address before the @, where a line may break.
func emailParts(email string) [2]string {
	at := strings.LastIndexByte(email, '@')
	return [2]string{email[:max(at, 0)], email[max(at, 0):]}
}
