package redisstore

// Decoding JSON would be half of what the token path costs here, and the records of a busy access key hardly ever change.

// decoded is a record with the text that it was decoded from.
type decoded[T any] struct {
	text   string
	record T
}

// decodeCached decodes what was read, unless the text is the same as the last time. The caller owns the result.
func decodeCached[T any](last *cache[decoded[T]], read snapshot, clone func(T) T) (T, error) {
	if known, ok := last.get(read.key); ok && known.text == read.value {
		return clone(known.record), nil
	}
	record, err := decode[T](read.value)
	if err != nil {
		return record, err
	}
	last.put(read.key, decoded[T]{read.value, record})
	return clone(record), nil
}
