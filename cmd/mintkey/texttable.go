package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/rivo/uniseg"
	"golang.org/x/term"
)

const (
	gap       = "  " // between columns
	narrowest = 12   // what is left of a cell that is cut, in columns of a terminal
)

// textTable is a table of aligned columns. Widths are those of a terminal, on which a character of East Asia takes two.
type textTable struct {
	columns  []textColumn
	rows     [][]string
	noHeader bool
	widths   []int // after fit
}

type textColumn struct {
	head string
	rank int // 0: it stays whatever happens
	cut  bool
}

// table writes a header and rows in aligned columns.
func table(w io.Writer, header []string, rows [][]string) {
	t := textTable{rows: rows}
	for _, head := range header {
		t.columns = append(t.columns, textColumn{head: head})
	}
	t.fit(0)
	t.write(w)
}

// fit makes the table as narrow as a terminal; 0 is as wide as it comes. First columns go, those that are empty and then those of the
// greatest rank, until the others have room, and then the widest cells are cut short. It returns the heads of what has gone.
func (t *textTable) fit(width int) (leftOut []string) {
	for i, row := range t.rows {
		t.rows[i] = make([]string, len(row))
		for j, cell := range row {
			t.rows[i][j] = forCell(cell)
		}
	}
	t.measure()
	if width <= 0 {
		return nil
	}
	for t.least() > width {
		weakest := t.weakest()
		if weakest < 0 {
			break
		}
		leftOut = append(leftOut, t.columns[weakest].head)
		t.columns = slices.Delete(t.columns, weakest, weakest+1)
		for i := range t.rows {
			t.rows[i] = slices.Delete(t.rows[i], weakest, weakest+1)
		}
		t.measure()
	}
	for t.total(t.widths) > width {
		widest := -1
		for i, w := range t.widths {
			if w > t.leastOf(i) && (widest < 0 || w > t.widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			break
		}
		t.widths[widest]--
	}
	return leftOut
}

func (t *textTable) measure() {
	t.widths = make([]int, len(t.columns))
	for i, c := range t.columns {
		if !t.noHeader {
			t.widths[i] = uniseg.StringWidth(c.head)
		}
		for _, row := range t.rows {
			t.widths[i] = max(t.widths[i], uniseg.StringWidth(row[i]))
		}
	}
}

// leastOf is how narrow a column can be.
func (t *textTable) leastOf(i int) int {
	if !t.columns[i].cut {
		return t.widths[i]
	}
	return min(t.widths[i], max(narrowest, uniseg.StringWidth(t.columns[i].head)))
}

func (t *textTable) least() int {
	widths := make([]int, len(t.columns))
	for i := range t.columns {
		widths[i] = t.leastOf(i)
	}
	return t.total(widths)
}

func (*textTable) total(widths []int) int {
	sum := len(gap) * max(len(widths)-1, 0)
	for _, w := range widths {
		sum += w
	}
	return sum
}

// weakest is the column to leave out next, -1 when all have to stay.
func (t *textTable) weakest() int {
	weakest, greatest := -1, 0
	for i, c := range t.columns {
		rank := c.rank
		if rank > 0 && !slices.ContainsFunc(t.rows, func(row []string) bool { return row[i] != "" }) {
			rank += len(t.columns) * len(t.columns) // empty
		}
		if rank > greatest {
			weakest, greatest = i, rank
		}
	}
	return weakest
}

func (t *textTable) write(w io.Writer) {
	rows := t.rows
	if !t.noHeader {
		heads := make([]string, len(t.columns))
		for i, c := range t.columns {
			heads[i] = c.head
		}
		rows = slices.Insert(slices.Clone(rows), 0, heads)
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			cell = shorten(cell, t.widths[i])
			line.WriteString(cell)
			if i < len(row)-1 {
				line.WriteString(strings.Repeat(" ", max(t.widths[i]-uniseg.StringWidth(cell), 0)) + gap)
			}
		}
		_, _ = fmt.Fprintln(w, strings.TrimRight(line.String(), " "))
	}
}

// shorten cuts text to a width, at whole characters as people see them.
func shorten(text string, width int) string {
	if uniseg.StringWidth(text) <= width {
		return text
	}
	var kept strings.Builder
	left := width - 1 // for the sign that something is missing
	for state := -1; text != ""; {
		var cluster string
		var w int
		cluster, text, w, state = uniseg.FirstGraphemeClusterInString(text, state)
		if left -= w; left < 0 {
			break
		}
		kept.WriteString(cluster)
	}
	return kept.String() + "…"
}

// terminalOf returns the file if the stream is a terminal.
func terminalOf(stream any) (*os.File, bool) {
	file, ok := stream.(*os.File)
	return file, ok && term.IsTerminal(int(file.Fd()))
}

// forPeople says whether a table is what somebody looks at now.
func (p *program) forPeople() bool {
	_, is := terminalOf(p.stdout)
	return is && p.output == outputTable
}

// width is that of the terminal which standard output is, or 0.
func (p *program) width() int {
	file, is := terminalOf(p.stdout)
	if !is {
		return 0
	}
	width, _, err := term.GetSize(int(file.Fd()))
	if err != nil {
		return 0
	}
	return width
}
