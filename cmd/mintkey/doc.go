// Command mintkey is an OAuth 2.0 authorization server for machines, and the commands to run and to administer it.
//
// Everything is wired by hand here, and only here is the clock read: every package below is handed the time. Exit codes are 0 for
// done, 1 for failed and 2 for wrong usage, wrong settings included.
package main
