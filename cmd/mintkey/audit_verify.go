package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mintkey/chain"
	"mintkey/configs"
	"mintkey/store"
	"mintkey/store/boltstore"
	"mintkey/tokens"
)

func (p *program) auditVerifyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "verify",
		Short: "Find events of the audit trail that were changed, deleted or inserted in the store",
		Long: "Find events of the audit trail that were changed, deleted or inserted in the store, past the server.\n" +
			"It reads the store itself (--store), also while servers run, and needs no access key. It changes nothing.\n\n" +
			"Once an hour a server seals what is new: each account and each tenant has a hash chain, and the heads of all chains are signed\n" +
			"together with its signing key. What is not sealed yet is counted, and not protected.\n\n" +
			"It says more with something that was kept outside the store, because whoever can write the store can also make a new chain, and\n" +
			"whoever can sign as well can sign it: --head and --heads name heads that must still be there, and --trust the keys that may have\n" +
			"signed. A root is in the log of each hour (audit heads signed), and in the folder audit.archive.\n\n" +
			"Exit code 0 means that nothing was found, and 1 that something was, or that the store can't be read.",
		Example: "  mintkey audit verify --store redis://127.0.0.1:6379/0\n" +
			"  mintkey audit verify --account acme --heads /var/log/mintkey-heads.jsonl",
		Args: arguments(cobra.NoArgs),
	}
	v := chain.Verifier{Signature: verifyHeads}
	flags := c.Flags()
	flags.StringVar(&v.Account, "account", "", "only this account and its tenants")
	flags.StringVar(&v.Tenant, "tenant", "", "only this tenant of the account")
	flags.StringArrayVar(&v.Outside, "head", nil, "a head or `root` that must be there; can be given again")
	heads := flags.String("heads", "", "`file` with roots that must be there: signed heads, a log in JSON, or the output of -o json")
	flags.StringArrayVar(&v.Trusted, "trust", nil, "`thumbprint` (RFC 7638) of a signing key that may have signed; can be given again")
	p.withSettings(c, func(config configs.Config, _ []string) (err error) {
		for _, name := range []string{"url", "client-id", "client-secret-file", "profile"} {
			if c.Flag(name).Changed {
				return usagef("--%s: audit verify reads the store itself; give it --store", name)
			}
		}
		if v.Tenant != "" && v.Account == "" {
			return usagef("--tenant needs --account")
		}
		if v.OutsideHeads, err = readHeads(*heads); err != nil {
			return err
		}
		v.Now = p.clock()
		report, err := p.verifyAudit(c.Context(), config, v)
		if err != nil {
			return err
		}
		if err := p.print(report, func(w io.Writer) { showReport(w, report) }); err != nil {
			return err
		}
		if n := len(report.Findings); n > 0 {
			return fmt.Errorf("the audit trails are not as the servers have left them: findings %d", n)
		}
		return nil
	})
	showSettings(c, "store", "log")
	return c
}

func verifyHeads(signature, publicPEM string) (claims chain.Claims, thumbprint string, err error) {
	thumbprint, err = tokens.VerifyStatement(signature, publicPEM, chain.Type, &claims)
	return claims, thumbprint, err
}

// readHeads reads JSON values, one after another, and returns those with a root.
func readHeads(path string) (all []chain.Heads, err error) {
	if path == "" {
		return nil, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, usagef("--heads: %w", err)
	}
	defer func() { _ = file.Close() }()
	for decoder := json.NewDecoder(file); ; {
		var value struct {
			Number int64  `json:"number"`
			Root   string `json:"root"`
		}
		err := decoder.Decode(&value)
		switch {
		case errors.Is(err, io.EOF) && len(all) > 0:
			return all, nil
		case errors.Is(err, io.EOF):
			return nil, usagef("--heads %s has no root", path)
		case err != nil && !errors.As(err, new(*json.UnmarshalTypeError)): // another line of a log may have a number of its own
			return nil, usagef("--heads %s: %w", path, err)
		case value.Root != "":
			all = append(all, chain.Heads{Number: value.Number, Root: value.Root})
		}
	}
}

// verifyAudit verifies a copy of a bolt store if a server has the file open.
func (p *program) verifyAudit(ctx context.Context, config configs.Config, v chain.Verifier) (report chain.Report, err error) {
	opened, err := openExisting(ctx, config, p.newLog(config.Log), "verify")
	if errors.Is(err, store.ErrInUse) {
		err = inTemporaryFile(func(copied *os.File) error {
			if err := p.writeBackup(ctx, config, copied); err != nil {
				return err
			}
			opened, err := boltstore.Open(copied.Name())
			if err != nil {
				return err
			}
			report, err = verifyAudit(ctx, opened, v)
			return err
		})
		return report, err
	}
	if err != nil {
		return report, err
	}
	return verifyAudit(ctx, opened, v)
}

func verifyAudit(ctx context.Context, opened store.Store, v chain.Verifier) (chain.Report, error) {
	v.Store = opened
	report, err := v.Verify(ctx)
	return report, errors.Join(err, opened.Close())
}

func showReport(w io.Writer, report chain.Report) {
	var rows [][]string
	var sealed, unsealed int64
	for _, c := range report.Chains {
		sealed, unsealed = sealed+c.Records, unsealed+c.Unsealed
		rows = append(rows, []string{
			trailName(c.Account, c.Tenant), strconv.FormatInt(c.Records, 10), strconv.FormatInt(c.Unsealed, 10), strconv.FormatInt(c.Seals, 10),
			showTime(&c.Since), c.Head,
		})
	}
	table(w, []string{"TRAIL", "SEALED", "NOT YET", "SEALS", "SINCE", "HEAD"}, rows)
	_, _ = fmt.Fprintln(w)
	for _, f := range report.Findings {
		_, _ = fmt.Fprintln(w, findingText(f))
	}
	unsigned := 0
	for _, note := range report.Notes {
		if note.Kind == chain.Unsigned {
			unsigned++
			continue
		}
		_, _ = fmt.Fprintln(w, "Note:", findingText(note))
	}
	if len(report.Findings) == 0 {
		_, _ = fmt.Fprintf(w, "Nothing was changed, deleted or inserted among the sealed events: sealed %d, not yet sealed %d\n",
			sealed, unsealed)
	}
	if report.SignedAt.IsZero() {
		_, _ = fmt.Fprintln(w, "The heads are not signed yet.")
		return
	}
	_, _ = fmt.Fprintf(w, "Heads last signed %s, root %s; not yet signed %d\n", report.SignedAt.Format(time.RFC3339), report.Root, unsigned)
	_, _ = fmt.Fprintf(w, "Signed with %s\n", words(report.Keys))
}

func trailName(account, tenant string) string {
	if tenant == "" {
		return account
	}
	return account + "/" + tenant
}

func findingText(f chain.Finding) string {
	parts := []string{f.Kind, trailName(f.Account, f.Tenant), f.Event, f.Text}
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), "  ")
}
