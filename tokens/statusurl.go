package tokens

import (
	"strconv"
	"strings"
)

// StatusListURL is where the status lists are published: the number of a list completes it.
type StatusListURL string

// List is the URL of one list.
func (u StatusListURL) List(number uint64) string { return string(u) + strconv.FormatUint(number, 10) }

// Reference is where a gateway finds the status of the tokens of an index; nil for the index 0, which is none.
func (u StatusListURL) Reference(index uint64) *Status {
	if index == 0 {
		return nil
	}
	return &Status{StatusList: StatusReference{Index: int(index % StatusListSize), URI: u.List(index / StatusListSize)}}
}

// Index is the index that a token refers to; 0 for none, and for one that these lists do not have.
func (u StatusListURL) Index(status *Status) uint64 {
	if status == nil {
		return 0
	}
	text, found := strings.CutPrefix(status.StatusList.URI, string(u))
	list, err := strconv.ParseUint(text, 10, 32)
	if !found || err != nil || status.StatusList.Index < 0 {
		return 0
	}
	return list*StatusListSize + uint64(status.StatusList.Index)
}
