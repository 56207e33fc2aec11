// Package limits slows down guessing and floods (R23). Every budget of the server is a row of Table, whoever spends from it.
//
// Who asks reserves before the work that the budget guards, and gives back when it was no guess: so tries made at once
// count like tries made in turn. What a request needs from several budgets it gets from all of them or from none.
// Counting does not end with the request, so a sender that hangs up is counted, and it goes on in memory while the store
// can't count.
//
// It knows neither HTTP nor any other room of the server, and imports nothing of this module but policy and store.
package limits
