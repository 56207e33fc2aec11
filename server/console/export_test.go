package console

// The texts of durations, which depend on the time to the nanosecond.
var (
	DurationText = durationText
	WaitText     = waitText
)
