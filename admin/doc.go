// Package admin holds every operation on accounts, tenants, users, members and access keys. The API and the console both call it, through a
// Service.
//
// Every operation has an Actor, is judged by package policy at the actor's instant, and is saved together with the event that records it;
// revoked tokens are then published to gateways. An operation assumes that the actor's scopes were checked (Actor.Require) where the
// route is declared, and that its TenantContext came from Service.Resolve, which keeps accounts and tenants apart.
//
// The package knows interfaces of store, never a store, and nothing of HTTP.
package admin
