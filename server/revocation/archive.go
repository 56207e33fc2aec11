package revocation

import (
	"context"
	"errors"
	"strconv"

	"mintkey/store"
	"mintkey/tokens"
)

// Archive keeps for good which status indexes have ended, in one document for each status list, so that the log can forget them and an
// index never becomes valid again (R5). Its methods may be called from many goroutines.
type Archive struct {
	Documents store.Documents
}

func archiveName(list uint64) string { return "ended-indexes/" + strconv.FormatUint(list, 10) }

// Add adds the indexes. Ones that are there already change nothing.
func (a Archive) Add(ctx context.Context, indexes []uint64) error {
	byList := map[uint64][]uint64{}
	for _, index := range indexes {
		list := index / tokens.StatusListSize
		byList[list] = append(byList[list], index%tokens.StatusListSize)
	}
	for list, entries := range byList {
		err := a.Documents.UpdateDocument(ctx, archiveName(list), func(raw []byte) ([]byte, error) {
			bits, err := tokens.UnpackStatusList(raw)
			if err != nil {
				return nil, err
			}
			for _, entry := range entries {
				bits.Revoke(entry)
			}
			return bits.Pack()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// merge adds the entries of one list that are marked in ended.
func (a Archive) merge(ctx context.Context, list uint64, ended *tokens.StatusList) error {
	return a.Documents.UpdateDocument(ctx, archiveName(list), func(raw []byte) ([]byte, error) {
		bits, err := tokens.UnpackStatusList(raw)
		if err != nil {
			return nil, err
		}
		bits.Add(ended)
		return bits.Pack()
	})
}

// List returns the entries of one list that have ended.
func (a Archive) List(ctx context.Context, list uint64) (*tokens.StatusList, error) {
	raw, err := a.Documents.Document(ctx, archiveName(list))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	return tokens.UnpackStatusList(raw)
}
