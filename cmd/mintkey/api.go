package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"mintkey/server/api"
)

// rawRequest is what mintkey api is told to send.
type rawRequest struct {
	fields, jsonFields, headers []string
	input                       string
	paginate                    bool
}

func (p *program) apiCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "api METHOD PATH",
		Short: "Send a request to the administration API, and print the answer",
		Long: "Send a request to the administration API (/openapi.json describes it) with a token of the access key in use, and print\n" +
			"the body of the answer, also of a refusal; the exit code tells them apart. {account}, {tenant}, {user} and {client_id} in PATH\n" +
			"stand for those of the access key.\n\n" +
			"Fields go into the query of a GET, HEAD or DELETE, and into a JSON body else.",
		Example: "  mintkey api GET /admin/v1/tenants/{tenant}/keys \\\n    --field status=expired --paginate\n" +
			"  mintkey api PATCH /admin/v1/tenants/{tenant} \\\n    --json-field tokens_per_minute=600\n" +
			"  mintkey api POST /admin/v1/accounts/{account}/users --input user.json",
		Args: arguments(cobra.ExactArgs(2)),
	}
	access := addAccessFlags(c)
	var raw rawRequest
	flags := c.Flags()
	flags.StringArrayVarP(&raw.fields, "field", "f", nil, "NAME=TEXT")
	flags.StringArrayVarP(&raw.jsonFields, "json-field", "F", nil, "NAME=JSON, such as enabled=true or scopes='[\"api\"]'")
	flags.StringArrayVarP(&raw.headers, "header", "H", nil, "NAME: VALUE, such as If-Match: \"…\"")
	flags.StringVar(&raw.input, "input", "", "file with the body, - for standard input")
	flags.BoolVar(&raw.paginate, "paginate", false, "read all pages of a list, and print one")
	c.RunE = func(c *cobra.Command, args []string) error {
		method, target := strings.ToUpper(args[0]), args[1]
		if err := raw.check(method, target); err != nil {
			return err
		}
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		if raw.paginate {
			return p.printPages(c.Context(), server, raw, target)
		}
		got, err := p.sendRaw(c.Context(), server, raw, method, target)
		if err != nil {
			return err
		}
		if err := p.printBody(got.body); err != nil {
			return err
		}
		if got.status < 200 || got.status > 299 {
			return refusal(got)
		}
		return nil
	}
	return c
}

func (r rawRequest) check(method, target string) error {
	switch {
	case strings.Trim(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "":
		return usagef("%.20q is no method, such as GET or PATCH", method)
	case !strings.HasPrefix(target, "/"):
		return usagef("%.60q is no path: it begins with a slash, such as /admin/v1/accounts", target)
	case r.input != "" && len(r.fields)+len(r.jsonFields) > 0 && !inQuery(method):
		return usagef("give either --input or fields")
	case r.paginate && method != http.MethodGet:
		return usagef("--paginate is for GET")
	}
	for _, header := range r.headers {
		name, _, ok := strings.Cut(header, ":")
		if !ok || name == "" || strings.EqualFold(name, "Authorization") {
			return usagef("--header %.60q: must be NAME: VALUE, and not Authorization", header)
		}
	}
	_, err := r.members()
	return err
}

// inQuery says where fields go.
func inQuery(method string) bool {
	return slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodDelete}, method)
}

// members are the fields as JSON.
func (r rawRequest) members() (map[string]json.RawMessage, error) {
	members := map[string]json.RawMessage{}
	for i, field := range slices.Concat(r.fields, r.jsonFields) {
		name, value, ok := strings.Cut(field, "=")
		if !ok || name == "" {
			return nil, usagef("%.60q is no field: must be NAME=VALUE", field)
		}
		if members[name] != nil {
			return nil, usagef("the field %s is given twice", name)
		}
		members[name] = json.RawMessage(value)
		if i < len(r.fields) {
			text, err := json.Marshal(value)
			if err != nil {
				return nil, fmt.Errorf("write the request: %w", err)
			}
			members[name] = text
		}
		if !json.Valid(members[name]) {
			return nil, usagef("--json-field %s: %.60q is not JSON", name, value)
		}
	}
	return members, nil
}

// target fills in the placeholders, and the query.
func (r rawRequest) target(c *client, method, target string) (string, error) {
	target = strings.NewReplacer("{account}", url.PathEscape(c.claims.AccountID), "{tenant}", url.PathEscape(c.claims.TenantID),
		"{user}", url.PathEscape(c.claims.UserID), "{client_id}", url.PathEscape(c.claims.ClientID)).Replace(target)
	if !inQuery(method) {
		return target, nil
	}
	members, err := r.members()
	if err != nil || len(members) == 0 {
		return target, err
	}
	query := url.Values{}
	for name, value := range members {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		query.Set(name, text)
	}
	separator := "?"
	if strings.Contains(target, "?") {
		separator = "&"
	}
	return target + separator + query.Encode(), nil
}

// body is nil for none.
func (p *program) rawBody(r rawRequest, method string) ([]byte, error) {
	if r.input != "" {
		return p.readFile(r.input)
	}
	members, err := r.members()
	if err != nil || len(members) == 0 || inQuery(method) {
		return nil, err
	}
	return json.Marshal(members)
}

func (p *program) sendRaw(ctx context.Context, c *client, r rawRequest, method, target string) (answer, error) {
	target, err := r.target(c, method, target)
	if err != nil {
		return answer{}, err
	}
	body, err := p.rawBody(r, method)
	if err != nil {
		return answer{}, err
	}
	request, err := c.request(ctx, method, target, body)
	if err != nil {
		return answer{}, err
	}
	for _, header := range r.headers {
		name, value, _ := strings.Cut(header, ":")
		request.Header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return c.access.via.exchange(request)
}

// printPages prints the items of all pages as one list.
func (p *program) printPages(ctx context.Context, c *client, r rawRequest, target string) error {
	all := api.List[json.RawMessage]{Items: []json.RawMessage{}}
	for {
		got, err := p.sendRaw(ctx, c, r, http.MethodGet, target)
		if err != nil {
			return err
		}
		if got.status != http.StatusOK {
			return errors.Join(p.printBody(got.body), refusal(got))
		}
		var page struct {
			Items *[]json.RawMessage `json:"items"`
			Next  string             `json:"next"`
		}
		if err := json.Unmarshal(got.body, &page); err != nil || page.Items == nil {
			return usagef("--paginate: the answer is not a list")
		}
		all.Items = append(all.Items, *page.Items...)
		if page.Next == "" || page.Next == cursorOf(r) {
			break
		}
		r.fields = slices.DeleteFunc(slices.Clone(r.fields), func(field string) bool { return strings.HasPrefix(field, "after=") })
		r.fields = append(r.fields, "after="+page.Next)
	}
	text, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return p.printBody(text)
}

// cursorOf is where the page that was asked for begins.
func cursorOf(r rawRequest) string {
	for _, field := range r.fields {
		if cursor, ok := strings.CutPrefix(field, "after="); ok {
			return cursor
		}
	}
	return ""
}

// printBody prints JSON in lines or as YAML, and anything else as it is, though harmless at a terminal.
func (p *program) printBody(body []byte) error {
	var pretty bytes.Buffer
	text := string(body)
	file, isFile := p.stdout.(*os.File)
	switch {
	case len(body) == 0:
		return nil
	case p.output == outputYAML && json.Valid(body):
		converted, err := yamlOf(text)
		if err != nil {
			return fmt.Errorf("write the result: %w", err)
		}
		text = converted
	case json.Indent(&pretty, body, "", "  ") == nil:
		text = jsonForTerminal(strings.TrimRight(pretty.String(), "\n")) + "\n"
	case isFile && term.IsTerminal(int(file.Fd())):
		text = forTerminal(text)
	}
	if _, err := io.WriteString(p.stdout, text); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}
