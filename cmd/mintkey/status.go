package main

// statusError is an exit code that means something else than success or failure. Without an error in it nothing is said on standard error,
// because the answer is on standard output.
type statusError struct {
	status int
	err    error
}

func (e *statusError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *statusError) Unwrap() error { return e.err }
