package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"mintkey/policy"
	"mintkey/server/api"
)

const quotaFlag = "tokens-per-minute"

// addQuotaFlag adds --tokens-per-minute, where 0 is no quota, and returns what the API takes: a quota, null, or nothing if it is not given.
func addQuotaFlag(c *cobra.Command, help string) func() (api.Nullable[int], error) {
	quota := c.Flags().Int(quotaFlag, 0, help)
	return func() (api.Nullable[int], error) {
		switch {
		case !c.Flag(quotaFlag).Changed:
			return api.Nullable[int]{}, nil
		case *quota == 0:
			return api.Nullable[int]{Given: true}, nil
		}
		if err := checkQuota(*quota); err != nil {
			return api.Nullable[int]{}, usagef("--%s: %w", quotaFlag, err)
		}
		return api.Nullable[int]{Given: true, Value: quota}, nil
	}
}

// checkQuota says what a quota can be in the words of the flags, where 0 is none; the API's have null for that.
func checkQuota(quota int) error {
	if quota < 0 || quota > policy.MaxTokensPerMinute {
		return fmt.Errorf("%d must be from 1 to %d, or 0 for no quota", quota, policy.MaxTokensPerMinute)
	}
	return nil
}

func quotaWords(quota int) string {
	if quota == 0 {
		return "no quota"
	}
	return fmt.Sprintf("a quota of %d tokens a minute", quota)
}

// noticeFlag adds an address that gets the notices of a tenant's keys.
const noticeFlag = "notice-address"

// noticeWords says who gets the notices of a tenant's keys beside the owners.
func noticeWords(addresses []string) string { return cmp.Or(strings.Join(addresses, ", "), "nobody") }

func (p *program) tenantsEditCommand(access *accessFlags) *cobra.Command {
	c := &cobra.Command{
		Use:   "edit TENANT",
		Short: "Change the name, the quota or the notice addresses of a tenant",
		Example: "  mintkey tenants edit berlin --name 'Berlin office' --tokens-per-minute 6000\n" +
			"  mintkey tenants edit berlin --notice-address ops@example.com",
		Args: arguments(cobra.ExactArgs(1)),
	}
	withOutputs(c, outputCSV, outputName)
	quota := addQuotaFlag(c, "quota of tokens a minute, of all its access keys and passwords together; 0 takes it away")
	name := c.Flags().String("name", "", "the new name; the ID stays")
	notices := c.Flags().StringSlice(noticeFlag, nil,
		"e-mail address that gets the notices before an access key expires, beside its owner; repeat it for more: these replace those from\n"+
			"before, and '' alone leaves nobody")
	c.RunE = func(c *cobra.Command, args []string) error {
		limit, err := quota()
		if err != nil {
			return err
		}
		change := api.TenantChange{TokensPerMinute: limit}
		if c.Flag("name").Changed {
			change.Name = name
		}
		if c.Flag(noticeFlag).Changed {
			change.NoticeAddresses = api.Nullable[[]string]{Given: true, Value: notices}
		}
		if change == (api.TenantChange{}) {
			return usagef("needed and not given: --name, --" + quotaFlag + " or --" + noticeFlag)
		}
		server, err := p.connect(c.Context(), access)
		if err != nil {
			return err
		}
		return p.changeTenant(c, server, args[0], change, func(w io.Writer, t api.Tenant) {
			_, _ = fmt.Fprintf(w, "Tenant %s is called %s and has %s.\n", t.ID, t.Name, quotaWords(t.TokensPerMinute))
			if c.Flag(noticeFlag).Changed {
				_, _ = fmt.Fprintf(w, "Notices before an access key expires go to its owner and to %s.\n", noticeWords(t.NoticeAddresses))
			}
		})
	}
	return c
}
