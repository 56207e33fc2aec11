package redisstore

// Names of keys. What stands in braces decides the slot.

const (
	schemaKey   = "mintkey:schema"
	accountsKey = "mintkey:accounts" // sorted set of account IDs
)

func userClaimKey(userID string) string { return "mintkey:user:" + userID }
func clientKey(clientID string) string  { return "mintkey:client:" + clientID }
func documentKey(name string) string    { return "mintkey:document:" + name }

func inAccount(accountID, rest string) string { return "mintkey:{a:" + accountID + "}:" + rest }

func accountKey(accountID string) string        { return inAccount(accountID, "account") }
func accountTrailKey(accountID string) string   { return inAccount(accountID, "events") }
func accountTenantsKey(accountID string) string { return inAccount(accountID, "tenants") }
func usersKey(accountID string) string          { return inAccount(accountID, "users") }
func userKey(accountID, userID string) string   { return inAccount(accountID, "user:"+userID) }
func emailKey(accountID, folded string) string  { return inAccount(accountID, "email:"+folded) }
func tenantsOfKey(accountID, userID string) string {
	return inAccount(accountID, "tenants-of:"+userID)
}

func inTenant(tenantID, rest string) string { return "mintkey:{t:" + tenantID + "}:" + rest }

func tenantKey(tenantID string) string         { return inTenant(tenantID, "tenant") }
func tenantTrailKey(tenantID string) string    { return inTenant(tenantID, "events") }
func membersKey(tenantID string) string        { return inTenant(tenantID, "members") }
func memberKey(tenantID, userID string) string { return inTenant(tenantID, "member:"+userID) }
func accessKey(tenantID string) string         { return inTenant(tenantID, "access") }
