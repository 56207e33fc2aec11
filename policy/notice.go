package policy

// NoticeDays are how many days before a key's expiry its owner gets an e-mail, earliest first (R16).
func NoticeDays() []int { return []int{30, 7, 1} }
