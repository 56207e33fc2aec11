package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mintkey/server/api"
)

// completionTime is how long a shell waits for the values of a server.
const completionTime = time.Second

// proposals find the values that a shell proposes, from the arguments before the one that is completed. What can't be found is not
// proposed, and nobody is told: an error would be in the middle of what somebody types.
type proposals func(ctx context.Context, args []string) []string

// complete proposes values of a flag; of a list, those of its last part.
func complete(c *cobra.Command, flag string, find proposals) {
	if err := c.RegisterFlagCompletionFunc(flag, completing(find)); err != nil {
		panic(err) // the command has no such flag
	}
}

// completeOne proposes values of the first argument, and completeEach those of each; neither proposes files.
func completeOne(c *cobra.Command, find proposals) {
	c.ValidArgsFunction = completing(func(ctx context.Context, args []string) []string {
		if len(args) > 0 {
			return nil
		}
		return find(ctx, args)
	})
}

func completeEach(c *cobra.Command, find proposals) { c.ValidArgsFunction = completing(find) }

func completing(find proposals) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		ctx, cancel := context.WithTimeout(c.Context(), completionTime)
		defer cancel()
		comma := strings.LastIndex(typed, ",") + 1
		var fitting []string
		for _, value := range find(ctx, args) {
			if strings.HasPrefix(value, typed[comma:]) {
				fitting = append(fitting, typed[:comma]+value)
			}
		}
		return fitting, cobra.ShellCompDirectiveNoFileComp
	}
}

// fixed proposes the same values always.
func fixed[T ~string](values ...T) proposals {
	return func(context.Context, []string) []string {
		list := make([]string, len(values))
		for i, value := range values {
			list[i] = string(value)
		}
		return list
	}
}

// ofServer proposes one member of the items of a list, with others to tell them apart.
func (p *program) ofServer(access *accessFlags, path func(*client) string, member string, about ...string) proposals {
	return func(ctx context.Context, _ []string) []string {
		quiet := *p
		quiet.stdin, quiet.stdout, quiet.stderr = strings.NewReader(""), io.Discard, io.Discard
		server, err := quiet.connect(ctx, access)
		if err != nil {
			return nil
		}
		answer, err := server.call(ctx, http.MethodGet, path(server)+"?limit="+pageSize, nil)
		if err != nil {
			return nil
		}
		var page api.List[json.RawMessage]
		if json.Unmarshal(answer, &page) != nil {
			return nil
		}
		var values []string
		for _, item := range page.Items {
			one, err := readThing(item)
			if err != nil {
				return nil
			}
			var words []string
			for _, name := range about {
				if text := flat(one.values[name]); text != "" {
					words = append(words, text)
				}
			}
			value := forCell(flat(one.values[member]) + "\t" + strings.Join(words, ", "))
			values = append(values, strings.Replace(value, `\t`, "\t", 1))
		}
		return values
	}
}

// clientIDs proposes access keys of the tenant, or one's own.
func (p *program) clientIDs(f *keysFlags) proposals {
	return p.ofServer(f.access, func(server *client) string { return server.keysPath(f) }, "client_id", "label", "user_name")
}

func (p *program) tenantIDs(access *accessFlags, account *string) proposals {
	return p.ofServer(access, func(server *client) string { return server.accountPath(*account, "tenants") }, "id", "name")
}

func (p *program) accountIDs(access *accessFlags) proposals {
	return p.ofServer(access, func(*client) string { return path("admin", "v1", "accounts") }, "id", "name")
}

func (p *program) userIDs(access *accessFlags, account *string) proposals {
	return p.ofServer(access, func(server *client) string { return server.accountPath(*account, "users") }, "id", "name", "email")
}

func (p *program) memberIDs(access *accessFlags, tenant *string) proposals {
	return p.ofServer(access, func(server *client) string { return server.membersPath(*tenant) }, "user_id", "name", "role")
}

// profileNames proposes the profiles that are saved here.
func profileNames(context.Context, []string) (names []string) {
	saved, err := savedProfiles()
	if err != nil {
		return nil
	}
	for _, at := range saved {
		names = append(names, at.name)
	}
	return names
}
