package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"mintkey/server/web"
)

// thing is a JSON object as a row of a table.
type thing struct {
	names  []string // of its members, in their order
	values map[string]json.RawMessage
}

func readThing(text []byte) (t thing, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if first, err := decoder.Token(); err != nil || first != json.Delim('{') {
		return t, errors.Join(errors.New("it is no JSON object"), err)
	}
	t.values = map[string]json.RawMessage{}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return t, err
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return t, err
		}
		t.names = append(t.names, fmt.Sprint(name))
		t.values[fmt.Sprint(name)] = value
	}
	return t, nil
}

// identities are the members that can name a thing: the first that it has does.
func identities() []string {
	return []string{"id", "client_id", "kid", "user_id", "tenant_id", "account_id"}
}

// id is what -o name prints.
func (t thing) id() string {
	for _, name := range identities() {
		if value, ok := t.values[name]; ok {
			return flat(value)
		}
	}
	return ""
}

// row is the thing as a row of CSV.
func (t thing) row() (names, cells []string) {
	for _, name := range t.names {
		cells = append(cells, csvText(t.values[name]))
	}
	return t.names, cells
}

// flat is a JSON value in a cell: text as it is, nothing for null, and a list of texts separated by blanks.
func flat(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	var list []string
	if json.Unmarshal(value, &list) == nil {
		return strings.Join(list, " ")
	}
	var small bytes.Buffer
	if json.Compact(&small, value) != nil {
		return ""
	}
	return small.String()
}

// csvText keeps a spreadsheet from running text as a formula; a number is none.
func csvText(value json.RawMessage) string {
	if len(value) > 0 && (value[0] == '"' || value[0] == '[') {
		return web.SpreadsheetCell(flat(value))
	}
	return flat(value)
}

// writeCSV writes a table whose cells are safe.
func (p *program) writeCSV(rows [][]string) error {
	var text strings.Builder
	if err := csv.NewWriter(&text).WriteAll(rows); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return p.write(forTerminal(text.String()))
}
