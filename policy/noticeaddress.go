package policy

import (
	"fmt"
	"slices"
)

// MaxNoticeAddresses is how many addresses of a tenant receive the notices of its keys beside the owners.
const MaxNoticeAddresses = 10

// ErrInvalidNoticeAddresses refuses addresses that notices can't be sent to.
var ErrInvalidNoticeAddresses = fmt.Errorf("notice_addresses must be at most %d e-mail addresses, such as ops@example.com",
	MaxNoticeAddresses)

// ParseNoticeAddresses returns the addresses in their order, each once however it is spelled (see FoldEmail).
func ParseNoticeAddresses(addresses []string) ([]string, error) {
	var parsed []string
	for _, address := range addresses {
		if CheckEmail(address) != nil {
			return nil, fmt.Errorf("%w; not %s", ErrInvalidNoticeAddresses, Excerpt(address, 60))
		}
		if !slices.ContainsFunc(parsed, func(known string) bool { return FoldEmail(known) == FoldEmail(address) }) {
			parsed = append(parsed, address)
		}
	}
	if len(parsed) > MaxNoticeAddresses {
		return nil, fmt.Errorf("%w; these are %d", ErrInvalidNoticeAddresses, len(parsed))
	}
	return parsed, nil
}
