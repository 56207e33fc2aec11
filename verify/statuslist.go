package verify

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// maxListSize bounds what a list unpacks to: a million tokens with a byte each.
	maxListSize = 1 << 20
	// maxListAnswer bounds what a list is packed in: base64 in base64, and nothing gained by compression.
	maxListAnswer = 2 << 20
)

// statusList is one list as the issuer signed it, and when it last said that this is still so. It never changes.
type statusList struct {
	statuses    []byte
	bits        int // of each status: 1, 2, 4 or 8
	etag        string
	expiresAt   time.Time
	confirmedAt time.Time
}

// statusListToken is the payload of a signed list (draft-ietf-oauth-status-list-21 section 5.1).
type statusListToken struct {
	jwt.RegisteredClaims
	StatusList struct {
		Bits int    `json:"bits"`
		List string `json:"lst"`
	} `json:"status_list"`
}

func (t *statusListToken) unpack() (*statusList, error) {
	bits := t.StatusList.Bits
	if bits != 1 && bits != 2 && bits != 4 && bits != 8 {
		return nil, fmt.Errorf("a status of %d bits", bits)
	}
	packed, err := base64.RawURLEncoding.DecodeString(t.StatusList.List)
	if err != nil {
		return nil, err
	}
	reader, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	statuses, err := io.ReadAll(io.LimitReader(reader, maxListSize+1))
	switch {
	case err != nil:
		return nil, err
	case len(statuses) > maxListSize:
		return nil, fmt.Errorf("it unpacks to more than %d bytes", maxListSize)
	}
	return &statusList{statuses: statuses, bits: bits, expiresAt: t.ExpiresAt.Time}, nil
}

var errNoSuchEntry = errors.New("the status list has no such entry")

// status returns an entry: 0 is valid, anything else is not (section 7.1). The first entry is in the lowest bits of the first
// byte (section 4.1).
func (l *statusList) status(index uint64) (byte, error) {
	perByte := uint64(8 / l.bits)
	if index/perByte >= uint64(len(l.statuses)) {
		return 0, errNoSuchEntry
	}
	shifted := l.statuses[index/perByte] >> (index % perByte * uint64(l.bits))
	return shifted & (1<<l.bits - 1), nil
}
