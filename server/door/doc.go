// Package door has requests wait for their turn before net/http reads them, and keeps connections outside of net/http while many are open.
//
// A connection costs net/http two buffers of 4 KB and a stack of 8 KB, and while its request is handled as much again. While more are open
// than a Door has places, it takes each back from net/http once its request is answered, waits for the next one with a small stack and no
// buffer, and gives it back as a new connection when the request's turn has come. To the client nothing changes.
//
// What it reads of a request is only where it ends and what tells its lane. It refuses nothing: who doesn't write one whole request at once
// is let in.
package door
