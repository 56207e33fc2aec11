package console

import (
	"strconv"
	"strings"

	"mintkey/policy"
)

const quotaField = "tokens_per_minute"

// quota reads the quota of a form: 0, for none, if the field is empty.
func (req *request) quota() (int, error) {
	text := strings.ReplaceAll(strings.TrimSpace(req.PostForm.Get(quotaField)), ",", "") // as pages write numbers
	if text == "" {
		return 0, nil
	}
	quota, err := strconv.Atoi(text)
	if err != nil || quota == 0 || policy.CheckTokensPerMinute(quota) != nil {
		return 0, policy.ErrInvalidQuota
	}
	return quota, nil
}

// quotaText is empty if there is no quota.
func quotaText(quota int) string {
	if quota == 0 {
		return ""
	}
	return plural(quota, "token") + " a minute"
}
