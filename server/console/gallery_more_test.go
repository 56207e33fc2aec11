package console_test

import "mintkey/policy"

// placeScenes are where people go from one tenant or account to another, and what stops many access keys at once.
func placeScenes(h *harness) []scene {
	h.user("acme", "olga", "Olga Operator", policy.RoleOperator)
	h.member("berlin", "olga", policy.RoleMember)
	return []scene{
		{name: "switch", who: "tom", path: "/console/switch"},
		{name: "switch-none", who: "tom", path: "/console/switch?q=nowhere"},
		{name: "accounts", who: "olga", path: "/console/accounts"},
		{name: "stop-many", who: "tom", path: "/console/tenants/berlin/keys/stop?do=suspend&all=on"},
		{name: "stop-none", who: "tom", path: "/console/tenants/berlin/keys/stop?do=revoke"},
		{name: "stop-dialog", who: "tom", path: "/console/tenants/berlin/keys?sort=user", after: func(b *browser) {
			b.click(`[name="selected"]`)
			b.click(`.pick-do [value="revoke"]`)
			b.see("dialog[open] .sheet")
		}},
		{name: "edit-after-a-search", who: "tom", path: "/console/tenants/berlin/keys?sort=user", after: func(b *browser) {
			b.click(".keys .cell-main a")
			b.click(`.key-actions a[href*="/edit"]`)
			b.see("#label")
		}},
		{name: "second-factor-rule", who: "ada", path: factorRulePath},
		{name: "robot", who: "ada", path: "/console/users/linus", after: func(b *browser) {
			b.click(`form:has([value="robot"]) button`)
			b.see("dialog[open] .sheet")
		}},
	}
}
