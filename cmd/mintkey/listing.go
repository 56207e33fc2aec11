package main

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mintkey/server/web"
)

// column is a column of a list.
type column[T any] struct {
	name string      // that of the member of the API, for --columns and CSV
	head string      // above the column of a table; empty for the name
	of   func(T) any // in a table: a text, a time, or what JSON has for it; nil for the member itself
	// rank says what goes first where a terminal is too narrow: the greatest. 0 stays.
	rank int
	cut  bool // may be cut short there
	more bool // in a table only where --columns names it
	ours bool // text that the server makes, so that no spreadsheet need be kept from running it
}

// listing prints a list in every form of output. It has the flags of a command that lists.
type listing[T any] struct {
	*program

	what     string // of which it is a list
	columns  []column[T]
	chosen   []string // with --columns
	noHeader bool
}

// addListing makes a command one that lists: it gets --columns, --no-header and all forms of output.
func addListing[T any](p *program, c *cobra.Command, what string, columns ...column[T]) *listing[T] {
	l := &listing[T]{program: p, what: what, columns: columns}
	c.Flags().StringSliceVar(&l.chosen, "columns", nil,
		"columns, separated by commas, by their names in JSON, such as "+strings.Join(l.names()[:2], ","))
	c.Flags().BoolVar(&l.noHeader, "no-header", false, "leave out the header of a table or of csv")
	withOutputs(c, outputCSV, outputName)
	complete(c, "columns", fixed(l.names()...))
	c.PreRunE = func(*cobra.Command, []string) error { return l.choose() }
	return l
}

// names are the names of all columns that there can be: those of the table and then the other members of an item.
func (l *listing[T]) names() (names []string) {
	for _, c := range l.columns {
		names = append(names, c.name)
	}
	for _, member := range members(reflect.TypeFor[T]()) {
		if !slices.Contains(names, member) {
			names = append(names, member)
		}
	}
	return names
}

// members are the names in JSON of a struct's fields and of those embedded in it.
func members(t reflect.Type) (names []string) {
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case name == "-" || !field.IsExported():
		case name != "":
			names = append(names, name)
		case field.Anonymous && field.Type.Kind() == reflect.Struct:
			names = append(names, members(field.Type)...)
		}
	}
	return names
}

// choose leaves the columns of --columns.
func (l *listing[T]) choose() error {
	if len(l.chosen) == 0 {
		return nil
	}
	var columns []column[T]
	for _, text := range l.chosen {
		name := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(text)), "-", "_")
		i := slices.IndexFunc(l.columns, func(c column[T]) bool { return c.name == name })
		switch {
		case i >= 0:
			chosen := l.columns[i]
			chosen.rank, chosen.more = 0, false
			columns = append(columns, chosen)
		case slices.Contains(l.names(), name):
			columns = append(columns, column[T]{name: name, cut: true})
		default:
			return usagef("--columns %q: must be some of %s", text, strings.Join(l.names(), ", "))
		}
	}
	l.columns = columns
	return nil
}

// show makes a column one of the table's.
func (l *listing[T]) show(name string) {
	for i := range l.columns {
		if l.columns[i].name == name {
			l.columns[i].more = false
		}
	}
}

// print prints the items, which are JSON objects with every member that the server sent.
func (l *listing[T]) print(items []json.RawMessage) error {
	switch l.output {
	case outputJSON, outputYAML:
		p := l.program
		return p.print(map[string][]json.RawMessage{"items": items}, nil)
	case outputName:
		return l.printNames(items)
	}
	if len(items) == 0 {
		l.sayf("No %s.\n", l.what)
		if l.forPeople() {
			return nil
		}
	}
	if l.output == outputTable {
		l.columns = slices.DeleteFunc(slices.Clone(l.columns), func(c column[T]) bool { return c.more })
	}
	rows := [][]string{}
	for _, item := range items {
		row, err := l.row(item)
		if err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		rows = append(rows, row)
	}
	if l.output == outputCSV {
		header := make([]string, len(l.columns))
		for i, c := range l.columns {
			header[i] = c.name
		}
		if !l.noHeader {
			rows = slices.Insert(rows, 0, header)
		}
		return l.writeCSV(rows)
	}
	return l.printTable(rows)
}

func (l *listing[T]) printNames(items []json.RawMessage) error {
	var names strings.Builder
	for _, item := range items {
		one, err := readThing(item)
		if err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		names.WriteString(forCell(one.id()) + "\n")
	}
	return l.write(names.String())
}

// row is an item in the cells of a table or of CSV.
func (l *listing[T]) row(item json.RawMessage) ([]string, error) {
	var read T
	if err := json.Unmarshal(item, &read); err != nil {
		return nil, err
	}
	one, err := readThing(item)
	if err != nil {
		return nil, err
	}
	row := make([]string, len(l.columns))
	for i, c := range l.columns {
		member, has := one.values[c.name]
		var value any = member
		if c.of != nil {
			value = c.of(read)
		}
		if l.output == outputCSV && has && !isTime(value) && member[0] != '{' {
			value = member // as JSON has it; only an object has no cell of its own
		}
		if row[i] = l.cell(value); l.output == outputCSV && c.ours {
			row[i] = flat(member)
		}
	}
	return row, nil
}

// isTime says of a value that CSV has it to the second, as spreadsheets read it.
func isTime(value any) bool {
	switch value.(type) {
	case time.Time, *time.Time:
		return true
	default:
		return false
	}
}

// cell is a value in the form of output.
func (l *listing[T]) cell(value any) string {
	isCSV := l.output == outputCSV
	switch value := value.(type) {
	case json.RawMessage:
		var at time.Time
		switch {
		case isCSV:
			return csvText(value)
		case json.Unmarshal(value, &at) == nil && !at.IsZero():
			return l.timeCell(&at)
		default:
			return flat(value)
		}
	case *time.Time:
		return l.timeCell(value)
	case time.Time:
		return l.timeCell(&value)
	case string:
		if isCSV {
			return web.SpreadsheetCell(value)
		}
		return value
	default:
		return fmt.Sprint(value)
	}
}

// timeCell is an age at a terminal. In CSV a time that there is not is empty, as elsewhere in tables for programs.
func (l *listing[T]) timeCell(at *time.Time) string {
	switch {
	case at == nil || at.IsZero():
		if l.output == outputCSV {
			return ""
		}
		return "never"
	case l.forPeople():
		return inWords(*at, l.clock())
	default:
		return at.UTC().Format(time.RFC3339)
	}
}

func (l *listing[T]) printTable(rows [][]string) error {
	t := textTable{noHeader: l.noHeader, rows: rows}
	for _, c := range l.columns {
		head := c.head
		if head == "" {
			head = strings.ReplaceAll(c.name, "_", " ")
		}
		t.columns = append(t.columns, textColumn{head: strings.ToUpper(head), rank: c.rank, cut: c.cut})
	}
	leftOut := t.fit(l.width())
	p := l.program
	err := p.print(nil, func(w io.Writer) { t.write(w) })
	if err == nil && len(leftOut) > 0 {
		l.sayf("Left out for lack of room: %s (--columns chooses, -o csv has them all).\n", strings.Join(leftOut, ", "))
	}
	return err
}

// printAnswer prints one object: in a form for programs with every member that the server sent, or with show.
func printAnswer[T any](p *program, answer json.RawMessage, show func(io.Writer, T)) error {
	var read T
	if err := json.Unmarshal(answer, &read); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return p.print(answer, func(w io.Writer) { show(w, read) })
}
