package boltstore

// NoteSaved makes the store believe that a commit ended with the error.
func NoteSaved(s *Store, err error) { s.saving.note(err) }
