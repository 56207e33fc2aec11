package console

import (
	"fmt"
	"strconv"
	"time"

	"mintkey/admin"
	"mintkey/store"
)

// rangeWords has the texts of a time range, and how its chart is labelled.
type rangeWords struct {
	key         admin.TrafficRange
	label, when string
	unit        string // length of a bar
	days        bool   // bars are UTC days, whatever the reader's time zone

	every    time.Duration // bars at multiples of every have a label
	extra    time.Duration // labels that are not at multiples of extra can be left out
	form, as string        // of the label, here and in the script
}

func trafficRanges() []rangeWords {
	const day = 24 * time.Hour
	return []rangeWords{
		{
			key: admin.TrafficHour, label: "Last hour", when: "in the last hour", unit: "minute",
			every: 15 * time.Minute, form: "15:04", as: "clock",
		},
		{
			key: admin.TrafficDay, label: "24 hours", when: "in the last 24 hours", unit: "hour",
			every: 4 * time.Hour, form: "15:04", as: "clock",
		},
		{
			key: admin.TrafficWeek, label: "7 days", when: "in the last 7 days", unit: "period of 6 hours",
			every: day, extra: 2 * day, form: "Mon 15:04", as: "weekday",
		},
		{
			key: admin.TrafficMonth, label: "30 days", when: "in the last 30 days", unit: "day", days: true,
			every: 5 * day, form: "2 Jan",
		},
		{
			key: admin.TrafficQuarter, label: "90 days", when: "in the last 90 days", unit: "day", days: true,
			every: 15 * day, extra: 30 * day, form: "2 Jan",
		},
	}
}

// trafficWords returns the texts of the range, or of a day if there is no such range.
func trafficWords(wanted admin.TrafficRange) rangeWords {
	ranges := trafficRanges()
	for _, r := range ranges {
		if r.key == wanted {
			return r
		}
	}
	return ranges[1]
}

// trafficChart stacks refused requests on issued tokens.
func trafficChart(report admin.TrafficReport, words rangeWords) chart {
	c := chart{Total: int(report.Total.Total()), Series: []series{{"chart-bar", "Issued", false}, {"chart-refused", "Refused", true}}}
	var busiest admin.TrafficSlice
	multiple := func(at time.Time, of time.Duration) bool { return of != 0 && at.Unix()%int64(of/time.Second) == 0 }
	for _, slice := range report.Slices {
		issued, refused := int(slice.Counts.Issued()), int(slice.Counts.Refused())
		rest := fmt.Sprintf(": %s issued, %s refused", grouped(issued), grouped(refused))
		b := bar{Title: momentText(slice.From, words) + rest, Counts: []int{issued, refused}}
		if !words.days {
			b.Moment = moment{slice.From.Format(time.RFC3339), rest, words.as}
		}
		if multiple(slice.From, words.every) {
			b.Label, b.Extra = slice.From.Format(words.form), words.extra != 0 && !multiple(slice.From, words.extra)
		}
		if slice.Counts.Total() > busiest.Counts.Total() {
			busiest = slice
		}
		c.Bars = append(c.Bars, b)
	}
	top := roundTop(int(busiest.Counts.Total()))
	c.scale(top)
	c.draw(top)
	c.Summary = fmt.Sprintf("Tokens %s: %s issued, %s refused.", words.when, counted(report.Total.Issued()), counted(report.Total.Refused()))
	if c.Total > 0 {
		c.Summary += fmt.Sprintf(" Most in one %s: %s requests, from %s on.",
			words.unit, counted(busiest.Counts.Total()), momentText(busiest.From, words))
	}
	return c
}

func momentText(at time.Time, words rangeWords) string {
	if words.days {
		return at.Format("Monday 2 January (UTC)")
	}
	return at.Format("2 Jan, 15:04 UTC")
}

// reasonRows lists the reasons for refusals.
func reasonRows(total store.TrafficCounts) (rows []reasonRow) {
	for _, reason := range store.Refusals() {
		if n := total[reason]; n > 0 {
			rows = append(rows, reasonRow{reason.Text(), counted(n)})
		}
	}
	return rows
}

func counted(n int64) string { return grouped(int(n)) }

// share is a percentage in words; a part above zero is never shown as 0 %.
func share(part, whole int64) string {
	switch {
	case part == 0 || whole == 0:
		return "0 %"
	case part*100 < whole:
		return "under 1 %"
	default:
		return strconv.FormatInt(part*100/whole, 10) + " %"
	}
}

// percent is a percentage for the width of a bar.
func percent(part, whole int64) string {
	return strconv.FormatFloat(100*float64(part)/float64(max(whole, 1)), 'f', 2, 64) + "%"
}
