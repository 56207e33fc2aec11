package main

import (
	"encoding/json"
	"fmt"
	"io"
)

// printItems prints a list: as JSON in the form of the API, with everything that the server said, or as a table.
func printItems[T any](p *program, items []json.RawMessage, header []string, row func(T) []string) error {
	var rows [][]string
	for _, item := range items {
		var read T
		if err := json.Unmarshal(item, &read); err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		rows = append(rows, row(read))
	}
	return p.print(map[string][]json.RawMessage{"items": items}, func(w io.Writer) { table(w, header, rows) })
}

// printAnswer prints one thing: as JSON, with everything that the server said, or in the way that show knows.
func printAnswer[T any](p *program, answer json.RawMessage, show func(io.Writer, T)) error {
	var read T
	if err := json.Unmarshal(answer, &read); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return p.print(answer, func(w io.Writer) { show(w, read) })
}
