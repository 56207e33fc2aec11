package admin

import (
	"strconv"

	"mintkey/policy"
)

func checkQuota(quota *int) error {
	if quota == nil {
		return nil
	}
	return policy.CheckTokensPerMinute(*quota)
}

// quotaText is a fence that is a number, of which 0 is none.
func quotaText(quota int) string {
	if quota == 0 {
		return "none"
	}
	return strconv.Itoa(quota)
}
