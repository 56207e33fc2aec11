// Command mintkey is an OAuth 2.0 authorization server for machines, and the commands to run and to administer it.
//
// Everything is wired by hand here. This is also the only package that reads the clock: all others get the time as an argument. The exit
// code is 0 for done, 1 for failed and 2 for wrong usage, which includes wrong settings.
package main
