// Package admin is what people and programs may do to accounts, tenants, users, members and access keys, whoever carries the wish:
// the administration API and the console both go through an Office.
//
// Every operation is asked for by an Actor, judged by package policy at the actor's instant, saved together with the event
// that records it, and then told to gateways where tokens have died. An operation assumes that the actor's scopes were checked
// (Actor.Require) where the route is declared, and that the Place it works in came from Office.Enter, which is the wall between accounts and tenants.
//
// The package knows interfaces of store, never a store, and nothing of HTTP.
package admin
