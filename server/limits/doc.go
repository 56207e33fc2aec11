// Package limits slows down guessing and floods (R23). Every budget of the server is a row of Table.
//
// A caller reserves before it does the work that the budget protects, and gives the reservation back if the attempt was no
// guess. So concurrent attempts count like attempts made one after another. A request that needs several budgets gets all of
// them or none. Counting does not stop when the request ends, so a client that hangs up is counted too; while the store can't
// count, memory does.
//
// It knows nothing of HTTP or of the other packages of the server, and imports nothing of this module but policy and store.
package limits
