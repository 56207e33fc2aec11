package main

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
)

// growth is the exponent with which the time for each unit of the answer grows with the number of keys: the slope of a line through the
// logarithms, by least squares.
func growth(sizes []measured) float64 {
	var x, y, xx, xy float64
	n := float64(len(sizes))
	for _, m := range sizes {
		a, b := math.Log(float64(m.Keys)), math.Log(m.Seconds/max(m.Units, 1))
		x, y, xx, xy = x+a, y+b, xx+a*a, xy+a*b
	}
	return (n*xy - x*y) / (n*xx - x*x)
}

// scaleTable prints one row for each step of each shape.
func scaleTable(w io.Writer, store string, all []measured) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s, %d cores, %s; load of the machine %s\n", processor(), runtime.NumCPU(), store, systemLoad())
	for len(all) > 0 {
		shape := all[0].Shape
		end := slices.IndexFunc(all, func(m measured) bool { return m.Shape != shape })
		if end < 0 {
			end = len(all)
		}
		shapeTable(&text, shape, all[:end])
		all = all[end:]
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func shapeTable(text *strings.Builder, shape string, all []measured) {
	bySize, byStep := map[int]bool{}, map[string][]measured{}
	var sizes []int
	var steps []string
	for _, m := range all {
		if !bySize[m.Keys] {
			bySize[m.Keys], sizes = true, append(sizes, m.Keys)
		}
		if byStep[m.Step] == nil {
			steps = append(steps, m.Step)
		}
		byStep[m.Step] = append(byStep[m.Step], m)
	}
	fmt.Fprintf(text, "\n| %s |", shape)
	for _, keys := range sizes {
		fmt.Fprintf(text, " %d keys |", keys)
	}
	text.WriteString(" answer | exponent |\n| --- |" + strings.Repeat(" --- |", len(sizes)+2) + "\n")
	for _, step := range steps {
		fmt.Fprintf(text, "| %s |", step)
		found := byStep[step]
		for _, m := range found {
			fmt.Fprintf(text, " %s |", duration(m.Seconds))
		}
		last := found[len(found)-1]
		fmt.Fprintf(text, " %.0f %s |", last.Units, last.Unit)
		if len(found) > 1 {
			fmt.Fprintf(text, " %.2f", growth(found))
		}
		text.WriteString(" |\n")
	}
}

func duration(seconds float64) string {
	if seconds < 1 {
		return fmt.Sprintf("%.3g ms", seconds*1000)
	}
	return fmt.Sprintf("%.3g s", seconds)
}
