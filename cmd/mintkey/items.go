package main

import (
	"encoding/json"
	"fmt"
	"io"
)

// printItems prints a list: as JSON in the form of the API, with every member that the server sent, or as a table.
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

// printAnswer prints one object: as JSON, with every member that the server sent, or with show.
func printAnswer[T any](p *program, answer json.RawMessage, show func(io.Writer, T)) error {
	var read T
	if err := json.Unmarshal(answer, &read); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return p.print(answer, func(w io.Writer) { show(w, read) })
}
