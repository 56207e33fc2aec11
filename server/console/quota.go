package console

const (
	quotaField   = "tokens_per_minute"
	noticesField = "notice_addresses"
)

// quotaText is empty if there is no quota.
func quotaText(quota int) string {
	if quota == 0 {
		return ""
	}
	return plural(quota, "token") + " a minute"
}
