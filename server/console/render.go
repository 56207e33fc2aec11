package console

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed templates
var templateFiles embed.FS

// pages are the templates of every page by name, each together with the layout and the parts that pages share.
type pages map[string]*template.Template

func parsePages(a assets) (pages, error) {
	functions := template.FuncMap{"asset": a.path, "part": newPart, "plural": plural, "emailParts": emailParts}
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

// part is what a shared template gets when it needs more than one thing.
type part map[string]any

func newPart(pairs ...any) (part, error) {
	p := part{}
	for i := 0; i+1 < len(pairs); i += 2 {
		name, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("part: %v is no name", pairs[i])
		}
		p[name] = pairs[i+1]
	}
	return p, nil
}

// view is what a page's template gets.
type view struct {
	frame

	Title string
	Page  any
}

// show answers with a page.
func (c *Console) show(v *visit, name, title string, page any) error {
	return c.showAs(v, http.StatusOK, name, title, page)
}

// showStatus answers with a page that shows what was wrong with what was sent.
func (c *Console) showStatus(v *visit, because error, name, title string, page any) error {
	return c.showAs(v, explain(because).status, name, title, page)
}

func (c *Console) showAs(v *visit, status int, name, title string, page any) error {
	v.frame.Version, v.frame.Shift, v.frame.OpenID = c.Version, shiftText(c.ClockOffset), c.OpenID.Name
	var text bytes.Buffer // so that a template that fails halfway becomes an error page and not half a page
	if err := c.pages[name].ExecuteTemplate(&text, "layout", view{v.frame, title, page}); err != nil {
		return fmt.Errorf("show %s: %w", name, err)
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.WriteHeader(status)
	_, _ = text.WriteTo(v.w) // the status is out: a browser that hung up cannot be told more
	return nil
}

// emailParts splits an address where a line may break.
func emailParts(email string) [2]string {
	at := strings.LastIndexByte(email, '@')
	return [2]string{email[:max(at, 0)], email[max(at, 0):]}
}
