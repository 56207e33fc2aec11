// Package redisstore keeps everything in Redis 7.0 or later: one server, a master under Sentinel, or a Cluster.
//
// All keys begin with "mintkey:". The records of a tenant share the hash tag {t:TENANT}, those of an account {a:ACCOUNT},
// so that a record, its index entries, its audit events and its outbox entries change in one script on one node, in a Cluster too.
// What spans slots is written in an order in which a crash leaves at worst an entry that points to nothing, which readers skip: the
// client ID before its access key, the user's list of tenants before the membership, the claim of a user ID before the user, the listing
// of an outbox before what goes into it. No rule is written in Lua, and only limits and traffic statistics rely on a time-to-live.
//
// A change is sent once and never retried automatically, because a lost answer does not say whether the change was made.
// Where Redis has replicas, a change succeeds only once one of them has it; otherwise the error is store.ErrUnavailable,
// with the word "unconfirmed", although the change may persist.
//
// The reads behind tokens are batched across requests: see gatherer. Each has what Redis had after the request came, never before.
//
// It is the only package that imports go-redis, and imports no other store.
package redisstore
