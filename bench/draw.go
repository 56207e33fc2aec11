package main

import (
	"fmt"
	"strings"
)

// bar is one row of the drawing.
type bar struct {
	name  string
	value float64
	label string
}

func bars(compared map[string]comparison) (all []bar) {
	all = append(all, bar{"yardstick", 1, "1"})
	for _, kind := range kinds {
		ratio := compared[kind].ratio(cpuOf)
		all = append(all, bar{"Mintkey on " + kind, ratio, fmt.Sprintf("%.2f", ratio)})
	}
	return all
}

// draw makes an SVG of bars, in colours that can be read on a light and on a dark page.
func draw(all []bar) string {
	const (
		width, rowHeight = 640, 36
		left, longest    = 150, 420 // where bars begin, and how long the longest is
	)
	most := 0.0
	for _, b := range all {
		most = max(most, b.value)
	}
	height := 40 + rowHeight*len(all)
	var text strings.Builder
	fmt.Fprintf(&text, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="CPU time of a token, in yardsticks">
<style>
text { font: 14px system-ui, sans-serif; fill: #1f2328 }
rect { fill: #3563c9 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } rect { fill: #7aa2f7 } }
</style>
<text x="0" y="18">CPU time of a token, in yardsticks (less is better)</text>
`, width, height)
	for i, b := range all {
		y := 40 + rowHeight*i
		length := longest * b.value / most
		fmt.Fprintf(&text, `<text x="0" y="%d">%s</text><rect x="%d" y="%d" width="%.0f" height="22" rx="3"/>`+"\n",
			y+16, b.name, left, y, length)
		fmt.Fprintf(&text, `<text x="%.0f" y="%d">%s</text>`+"\n", left+length+8, y+16, b.label)
	}
	text.WriteString("</svg>\n")
	return text.String()
}
