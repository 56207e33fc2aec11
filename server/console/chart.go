package console

import (
	"fmt"
	"strings"
	"time"
)

// chart is a bar for each of twelve months, drawn by the server so that it needs no script.
type chart struct {
	Bars    []bar
	Total   int
	Summary string // the same in words, for who can't see it
	Top     int    // the number at the upper line
}

type bar struct {
	Label, Year      string
	Full             string
	Count            int
	X, Middle        int
	Y, Height, Width int
	TextY            int
}

// The drawing is chartWidth by chartHeight, with room for labels below.
const (
	chartMonths = 12
	barStep     = 60
	barWidth    = 34
	barBottom   = 150
	barRoom     = 120
)

// newChart counts instants by calendar month, from the month of now on.
func newChart(times []time.Time, now time.Time) chart {
	first := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, time.UTC)
	counts := [chartMonths]int{}
	c := chart{}
	for _, at := range times {
		month := (at.Year()-first.Year())*12 + int(at.Month()) - int(first.Month())
		if month >= 0 && month < chartMonths {
			counts[month]++
			c.Total++
			c.Top = max(c.Top, counts[month])
		}
	}
	var said []string
	for i, count := range counts {
		month := first.AddDate(0, i, 0)
		b := bar{Label: month.Format("Jan"), Full: month.Format("January 2006"), Count: count, X: i*barStep + (barStep-barWidth)/2, Middle: i*barStep + barStep/2, Width: barWidth}
		if i == 0 || month.Month() == time.January {
			b.Year = month.Format("2006")
		}
		if count > 0 {
			b.Height = max(count*barRoom/c.Top, 4)
			said = append(said, fmt.Sprintf("%s: %d", b.Full, count))
		}
		b.Y = barBottom - b.Height
		b.TextY = b.Y - 7
		c.Bars = append(c.Bars, b)
	}
	if c.Summary = "No access key expires in the next 12 months."; len(said) > 0 {
		c.Summary = "Access keys that expire, by month. " + strings.Join(said, ", ") + "."
	}
	return c
}
