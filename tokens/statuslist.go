package tokens

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"fmt"
	"io"
	"time"
)

// TypeStatusList is the typ of a signed status list (draft-ietf-oauth-status-list-21 section 5.1).
const TypeStatusList = "statuslist+jwt"

// StatusListSize is how many entries, of one bit each, a status list has. A list of that size is 16 KiB before compression.
const StatusListSize = 1 << 17

// StatusList is the bits of one list: 0 is valid, 1 is invalid, which means revoked for ever. In the zero
// StatusList all entries are valid, and it takes no memory: a server knows thousands of such lists after many long stops.
// Copies share their entries. It is not safe for concurrent use.
type StatusList struct {
	bits *listBits // nil while all entries are valid
}

type listBits [StatusListSize / 8]byte

var allValid listBits

// Revoke marks an entry, counted from 0 in this list.
func (l *StatusList) Revoke(entry uint64) {
	l.own()[entry/8] |= 1 << (entry % 8) // entry 0 is the least significant bit of the first byte (section 4.1)
}

// Revoked says whether the entry, counted from 0 in this list, is marked.
func (l *StatusList) Revoked(entry uint64) bool { return l.all()[entry/8]&(1<<(entry%8)) != 0 }

// AllValid says whether no entry is marked.
func (l *StatusList) AllValid() bool { return *l.all() == allValid }

// Add marks the entries that are marked in the other list.
func (l *StatusList) Add(other *StatusList) {
	if other.bits == nil {
		return
	}
	own := l.own()
	for i, bits := range other.bits {
		own[i] |= bits
	}
}

// Pack returns the list in the form that UnpackStatusList reads.
func (l *StatusList) Pack() ([]byte, error) { return compress(l.all()[:]) }

// all is for reading.
func (l *StatusList) all() *listBits {
	if l.bits == nil {
		return &allValid
	}
	return l.bits
}

// own is for writing.
func (l *StatusList) own() *listBits {
	if l.bits == nil {
		l.bits = new(listBits)
	}
	return l.bits
}

// UnpackStatusList reads a packed list. An empty text is a list in which all entries are valid.
func UnpackStatusList(packed []byte) (*StatusList, error) {
	var list StatusList
	if len(packed) == 0 {
		return &list, nil
	}
	unpacked, err := zlib.NewReader(bytes.NewReader(packed))
	if err == nil {
		_, err = io.ReadFull(unpacked, list.own()[:])
	}
	if err != nil {
		return nil, fmt.Errorf("unpacking a status list: %w", err)
	}
	if list.AllValid() {
		list.bits = nil
	}
	return &list, nil
}

// statusListClaims are the claims of section 5.1.
type statusListClaims struct {
	Subject    string         `json:"sub"`
	IssuedAt   int64          `json:"iat"`
	ExpiresAt  int64          `json:"exp"`
	TTL        int64          `json:"ttl"`
	StatusList statusListBits `json:"status_list"`
}

type statusListBits struct {
	Bits int    `json:"bits"`
	List string `json:"lst"`
}

// SignStatusList makes a status list token: a gateway may cache it for ttl, and must not trust it after lifetime.
func (r *KeyRing) SignStatusList(
	now time.Time, algorithm Algorithm, uri string, list *StatusList, ttl, lifetime time.Duration,
) (string, error) {
	compressed, err := compress(list.all()[:])
	if err != nil {
		return "", fmt.Errorf("compressing a status list: %w", err)
	}
	return r.Sign(now, algorithm, TypeStatusList, statusListClaims{
		Subject: uri, IssuedAt: now.Unix(), ExpiresAt: now.Add(lifetime).Unix(), TTL: int64(ttl / time.Second),
		StatusList: statusListBits{1, base64.RawURLEncoding.EncodeToString(compressed)},
	})
}

// compress writes DEFLATE in the ZLIB format at the highest level (section 4.1).
func compress(data []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, zlib.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}
