package main

// Main lets the scripts in testdata run the program as it is.
func Main() { main() }
