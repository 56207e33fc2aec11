// Package redisstore keeps everything in Redis 7.0 or later: one server, a master under Sentinel, or a Cluster.
//
// All keys begin with "mintkey:". The records of a tenant share the hash tag
// {t:TENANT}, those of an account {a:ACCOUNT}, so that a record, its index entries, its audit events and its outbox entries change in one script on
// one node, in a Cluster too. What spans slots is written in an order in which a crash leaves at worst an entry that points to
// nothing, which readers skip: the client ID before its access key, the user's list of tenants before the membership, the
// claim of a user ID before the user, the listing of an outbox before what goes into it. No rule is written in Lua, and nothing
// but limits and old statistics of traffic relies on a time-to-live.
//
// A change is sent once and never repeated by itself, because an answer that got lost says nothing about the
// change. Where Redis has replicas, a change counts only once one of them has it; otherwise it is
// store.ErrUnavailable, with the word "unconfirmed", though it may yet hold.
//
// It is the only package that imports go-redis, and imports no other store.
package redisstore
