package boltstore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"

	"go.etcd.io/bbolt"

	"mintkey/policy"
	"mintkey/store"
)

// inspection reads the records of a file whose pages are sound. Buckets that an earlier version of the program did not have may be missing.
type inspection struct {
	ctx     context.Context //nolint:containedctx // it lives as long as one call
	tx      *bbolt.Tx
	found   *Contents
	current bool // all indexes are there: the file is not of an earlier version
}

var errIndex = errors.New("record and index do not agree")

func (i *inspection) run() error {
	if i.tx.Bucket([]byte(bucketMeta)) == nil {
		return damaged("it is no store of mintkey")
	}
	version, err := schemaVersion(i.tx)
	if err != nil {
		return err
	}
	if version > store.SchemaVersion {
		return fmt.Errorf("%w: its schema is %d, this program knows %d", store.ErrSchemaTooNew, version, store.SchemaVersion)
	}
	i.current = version == store.SchemaVersion
	for _, b := range buckets() {
		if err := i.bucket(b); err != nil {
			return err
		}
	}
	return nil
}

// coreBuckets have what every token depends on.
func coreBuckets() []bucket {
	return []bucket{bucketAccounts, bucketTenants, bucketUsers, bucketMemberships}
}

func (i *inspection) core() error {
	for _, b := range coreBuckets() {
		if err := i.bucket(b); err != nil {
			return err
		}
	}
	return nil
}

func (i *inspection) bucket(b bucket) error {
	_, _, err := i.some(b, "", math.MaxInt)
	return err
}

// some inspects records of a bucket after the given key, up to a limit, and returns the key of the last one and whether there may be more.
func (i *inspection) some(b bucket, after string, limit int) (last string, more bool, err error) {
	if i.tx.Bucket([]byte(b)) == nil {
		return after, false, nil
	}
	check, left := i.checkOf(b), limit
	err = b.scan(i.tx, "", store.Page{After: after, Limit: limit}, func(key string, value []byte) error {
		if err := i.ctx.Err(); err != nil {
			return err
		}
		after = key
		left--
		i.found.Records++
		err := check(key, value)
		if err != nil && !errors.Is(err, store.ErrDamaged) {
			err = undecodable(b, key, err)
		}
		return err
	})
	return after, left == 0, err
}

// checkOf returns the check of the records of a bucket. The index entries that are checked with the record they belong to have none.
func (i *inspection) checkOf(b bucket) func(key string, value []byte) error {
	switch b {
	case bucketAccounts:
		return i.account
	case bucketTenants:
		return i.tenant
	case bucketUsers:
		return i.user
	case bucketMemberships:
		return i.membership
	case bucketUserIDs:
		return func(key string, account []byte) error { return i.need(bucketUsers, userKey(string(account), key)) }
	case bucketClientIDs:
		return func(_ string, membership []byte) error { return i.need(bucketMemberships, string(membership)) }
	case bucketAccessTimes:
		return func(key string, _ []byte) error {
			_, err := accessTime(i.tx, key)
			return err
		}
	case bucketAccesses:
		return decodes[store.KeyAccess](b)
	case bucketEvents:
		return decodes[policy.Event](b)
	case bucketOutbox:
		return decodes[store.OutboxEntry](b)
	case bucketRevocations:
		return decodes[store.Revocation](b)
	case bucketIssueOrder, bucketEndOrder:
		return func(key string, _ []byte) error {
			_, after, _ := strings.Cut(key, separator)
			_, err := parseDatedKey(b, after)
			return err
		}
	case bucketEphemera:
		return func(_ string, value []byte) error { return longEnough(len(value)) }
	case bucketEphemeraExpiries, bucketRevocationEnds:
		return func(key string, _ []byte) error { return longEnough(len(key)) }
	case bucketTraffic:
		return func(key string, value []byte) error {
			_, err := parseTrafficKey(key)
			if err == nil {
				_, err = decodeCells(key, value)
			}
			return err
		}
	default:
		return func(string, []byte) error { return nil }
	}
}

func longEnough(length int) error {
	if length < instantSize {
		return errValue
	}
	return nil
}

func decodes[T any](b bucket) func(string, []byte) error {
	return func(key string, value []byte) error {
		_, err := decode[T](b, key, value)
		return err
	}
}

// need is an error unless the record is there.
func (i *inspection) need(b bucket, key string) error {
	if !b.has(i.tx, key) {
		return fmt.Errorf("%w: %s %q is missing", errIndex, b, key)
	}
	return nil
}

func (i *inspection) account(key string, value []byte) error {
	i.found.Accounts++
	account, err := decode[policy.Account](bucketAccounts, key, value)
	if err == nil && account.ID != key {
		err = errIndex
	}
	return err
}

func (i *inspection) tenant(key string, value []byte) error {
	i.found.Tenants++
	tenant, err := decode[policy.Tenant](bucketTenants, key, value)
	if err != nil {
		return err
	}
	if tenant.ID != key {
		return errIndex
	}
	return errors.Join(i.need(bucketAccounts, tenant.AccountID), i.need(bucketAccountTenants, tenant.AccountID+separator+key))
}

func (i *inspection) user(key string, value []byte) error {
	i.found.Users++
	user, err := decode[policy.User](bucketUsers, key, value)
	if err != nil {
		return err
	}
	if userKey(user.AccountID, user.ID) != key || string(bucketUserIDs.get(i.tx, user.ID)) != user.AccountID {
		return errIndex
	}
	return i.need(bucketAccounts, user.AccountID)
}

func (i *inspection) membership(key string, value []byte) error {
	m, err := decode[policy.Membership](bucketMemberships, key, value)
	if err != nil {
		return err
	}
	i.found.AccessKeys += len(m.Keys)
	if membershipKey(m.TenantID, m.UserID) != key {
		return errIndex
	}
	err = errors.Join(i.need(bucketTenants, m.TenantID), i.need(bucketUserTenants, userKey(m.AccountID, m.UserID)+separator+m.TenantID))
	for _, place := range placesOf(m) {
		if string(bucketClientIDs.get(i.tx, place.clientID)) != key {
			err = errors.Join(err, fmt.Errorf("%w: %s", errIndex, place.clientID))
		}
		err = errors.Join(err, i.need(bucketIssueOrder, place.issue))
		if place.end != "" {
			err = errors.Join(err, i.need(bucketEndOrder, place.end))
		}
	}
	if !i.current {
		return err
	}
	for _, entry := range store.IndexedDigests(m) {
		err = errors.Join(err, i.need(bucketDigests, digestKey(entry)))
	}
	return err
}
