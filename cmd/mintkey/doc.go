// Command mintkey is an OAuth 2.0 authorization server for machines, and the commands to run and to administer it.
//
// Everything is wired by hand here. This is also the only package that reads the clock: all others get the time as an argument. The exit
// codes are those of exit.go.
package main
