package console

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// chart is a bar chart over time, drawn by the server so that it needs no script. Widths are percentages of the available space and
// heights are pixels, so text keeps its size on a phone.
type chart struct {
	Bars    []bar
	Lines   []chartLine
	Series  []series // from the bottom up
	Total   int
	Summary string // the same in words, for people who can't see it
}

// bar is a period, with the number of things that happened in it.
type bar struct {
	Title  string // tooltip
	Label  string // below; empty for none
	Sub    string // below that
	Extra  bool   // the label is left out on narrow screens
	Moment moment
	Counts []int  // one for each series
	Count  string // above the bar; empty for none

	Parts            []barPart
	X, Middle, Width string
	TextY            int
}

// moment lets the script show the start of a bar in the reader's time zone.
type moment struct {
	At      string // in RFC 3339; empty if the bar does not depend on the time zone
	Rest    string // what follows in the title
	LabelAs string // format of the label
}

// Some reports whether anything happened in the bar's period.
func (b bar) Some() bool { return slices.ContainsFunc(b.Counts, func(n int) bool { return n > 0 }) }

type barPart struct {
	series

	Y, Height int
}

type chartLine struct {
	Y     int
	Label string
}

// series is one of several things that are counted in each bar.
type series struct {
	Class, Name string
	Hatched     bool // so that colour is not the only difference
}

// Dimensions in pixels; there is space for labels below.
const (
	barBottom = 150
	barRoom   = 120
	barLeast  = 3  // so that one stays visible beside a thousand
	fewBars   = 13 // up to so many bars are drawn narrower
)

// draw lays out the bars; each needs one count per series. A bar whose total is top gets the full height.
func (c *chart) draw(top int) {
	step, filled := 100/float64(max(len(c.Bars), 1)), 0.78
	if len(c.Bars) <= fewBars {
		filled = 0.57
	}
	percent := func(x float64) string { return strconv.FormatFloat(x, 'f', 3, 64) + "%" }
	for i := range c.Bars {
		b, y := &c.Bars[i], barBottom
		b.X, b.Middle, b.Width = percent((float64(i)+(1-filled)/2)*step), percent((float64(i)+0.5)*step), percent(filled*step)
		for j, count := range b.Counts {
			if count > 0 {
				height := max(count*barRoom/top, barLeast)
				y -= height
				b.Parts = append(b.Parts, barPart{c.Series[j], y, height})
			}
		}
		b.TextY = y - 7
	}
}

// newChart counts times by calendar month, from this month to the same one next year: the months that the next 12 months fall into.
func newChart(times []time.Time, now time.Time) chart {
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	counts, top := [13]int{}, 1
	c := chart{Series: []series{{Class: "chart-bar"}}}
	for _, at := range times {
		month := (at.Year()-first.Year())*12 + int(at.Month()) - int(first.Month())
		if month >= 0 && month < len(counts) {
			counts[month]++
			c.Total++
			top = max(top, counts[month])
		}
	}
	var months []string
	for i, count := range counts {
		month := first.AddDate(0, i, 0)
		b := bar{Label: month.Format("Jan"), Title: month.Format("January 2006: ") + plural(count, "key"), Counts: []int{count}}
		if i == 0 || month.Month() == time.January {
			b.Sub = month.Format("2006")
		}
		if count > 0 {
			b.Count = grouped(count)
			months = append(months, fmt.Sprintf("%s: %d", month.Format("January 2006"), count))
		}
		c.Bars = append(c.Bars, b)
	}
	c.draw(top)
	if c.Summary = "No access key expires in the next 12 months."; len(months) > 0 {
		c.Summary = "Access keys that expire, by month. " + strings.Join(months, ", ") + "."
	}
	return c
}

// roundTop is a round number at or above n whose half is round too.
func roundTop(n int) int {
	for power := 1; ; power *= 10 {
		for _, tenths := range []int{10, 12, 16, 20, 24, 30, 40, 50, 60, 80} {
			top := tenths * power / 10
			if whole, even := tenths*power%10 == 0, top == 1 || top%2 == 0; top >= n && whole && even {
				return top
			}
		}
	}
}

// scale adds a line at the top and, if top is even, one at half of it.
func (c *chart) scale(top int) {
	c.Lines = append(c.Lines, chartLine{barBottom - barRoom, short(top)})
	if top%2 == 0 {
		c.Lines = append(c.Lines, chartLine{barBottom - barRoom/2, short(top / 2)})
	}
}

// short writes a number in a few characters.
func short(n int) string {
	for _, unit := range []struct {
		size int
		name string
	}{{1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if n >= unit.size {
			return strings.TrimSuffix(strconv.FormatFloat(float64(n)/float64(unit.size), 'f', 1, 64), ".0") + unit.name
		}
	}
	return strconv.Itoa(n)
}
