package main

// Main lets the scripts in testdata run the program as it is.
func Main() { main() }

// Run runs one command line.
var Run = run
