package console

const quotaField = "tokens_per_minute"

// quotaText is empty if there is no quota.
func quotaText(quota int) string {
	if quota == 0 {
		return ""
	}
	return plural(quota, "token") + " a minute"
}
