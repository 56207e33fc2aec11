package leaks

import (
	"bytes"
	"encoding/json"
	"strings"

	"mintkey/admin"
	"mintkey/policy"
	"mintkey/server/api"
	"mintkey/server/web"
)

// found is a secret as GitHub reports it. GitHub may add members.
type found struct {
	Token string `json:"token"`
	URL   string `json:"url"`
}

// parse reads a report in either form. Text that is no client secret counts for nothing, so that it costs no look into the store.
func parse(body []byte, verified bool) (admin.LeakReport, error) {
	report, all := admin.LeakReport{}, []found{}
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
		if err := json.Unmarshal(body, &all); err != nil {
			return report, web.Refuse(web.ErrInvalidRequest, "The body is not JSON of the form that GitHub sends.")
		}
	} else {
		var own api.LeakReport
		if err := web.DecodeJSON(body, &own); err != nil {
			return report, err
		}
		for _, secret := range own.Secrets {
			all = append(all, found{secret, own.URL})
		}
	}
	if len(all) > api.MaxLeakedSecrets && !verified {
		return report, web.Refuse(web.ErrInvalidRequest, "A report has at most %d secrets: send several.", api.MaxLeakedSecrets)
	}
	if verified {
		report.By = admin.ReportedByGitHub
	}
	known := map[policy.Digest]bool{}
	for _, one := range all {
		secret := policy.ClientSecretFromRequest(strings.TrimSpace(one.Token))
		if digest := secret.Digest(); secret.WellFormed() && !known[digest] {
			known[digest] = true
			report.Secrets = append(report.Secrets, admin.LeakedSecret{Digest: digest, URL: one.URL})
		}
	}
	return report, nil
}
