// Bench measures the program as its users would: `bench seed` fills a store with many accounts, tenants, users and access keys, and `bench
// compare` runs the server and the yardstick in turn under the same load, in the same minute. Figures are ratios to the yardstick, so that
// those of different machines can be compared. `bench check` fails if a token became dearer, and `bench report`
// writes the tables of docs/performance.md. `bench scale` fits how each step of the server grows with the number of access keys, and
// `bench rates` measures forward-auth and introspection, and latencies at a fixed rate. It needs wrk, which Debian has.
package main
