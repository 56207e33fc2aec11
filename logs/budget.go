package logs

import (
	"log/slog"
	"strconv"
	"sync"
	"time"
	"unicode"
)

const (
	// budgetBytes is about how much one message may write in a minute: some 500 usual lines.
	budgetBytes = 128 << 10
	// window is the time for which budgets are reckoned, by the clock of the records.
	window = time.Minute
	// maxGroups bounds how many budgets are kept apart. Messages are constant, so there are fewer; those of libraries may not be.
	maxGroups = 128
	// lineBytes is what a line has besides its attributes: time, level and message.
	lineBytes = 100
)

// group is what shares a budget: lines of one message and level and, for requests, of one class of status. So a flood of refusals can't
// drown the lines of requests that did something.
type group struct {
	message string
	level   slog.Level
	class   int64
}

type usage struct {
	began      time.Time
	bytes      int
	suppressed int
}

// budget counts what each group has written. Its methods may be called from many goroutines.
type budget struct {
	mu     sync.Mutex
	groups map[group]*usage
}

func newBudget() *budget { return &budget{groups: map[group]*usage{}} }

// suppressed is how many lines of a group were left out.
type suppressed struct {
	group
	lines int
}

// take says whether a record is to be written, and what was suppressed in windows that are over and not reported yet.
func (b *budget) take(r slog.Record) (write bool, missing []suppressed) {
	g := groupOf(r)
	b.mu.Lock()
	defer b.mu.Unlock()
	for other, u := range b.groups {
		if r.Time.Sub(u.began).Abs() < window {
			continue
		}
		if u.suppressed > 0 {
			missing = append(missing, suppressed{other, u.suppressed})
		}
		delete(b.groups, other)
	}
	u, known := b.groups[g]
	if !known && len(b.groups) >= maxGroups {
		g = group{level: g.level}
		u, known = b.groups[g]
	}
	if !known {
		u = &usage{began: r.Time}
		b.groups[g] = u
	}
	size := sizeOf(r)
	if u.bytes+size > budgetBytes && u.bytes > 0 {
		u.suppressed++
		return false, missing
	}
	u.bytes += size
	return true, missing
}

func groupOf(r slog.Record) group {
	g := group{message: r.Message, level: r.Level}
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "status" && a.Value.Kind() == slog.KindInt64 {
			g.class = a.Value.Int64() / 100
		}
		return g.class == 0
	})
	return g
}

// sizeOf is about the length of the line, with what a handler has to escape.
func sizeOf(r slog.Record) int {
	size := lineBytes
	r.Attrs(func(a slog.Attr) bool {
		size += len(a.Key) + 4
		for _, c := range a.Value.String() {
			switch {
			case c > unicode.MaxASCII || !unicode.IsPrint(c):
				size += 6 // such as \u001b
			case c == '"' || c == '\\':
				size += 2
			default:
				size++
			}
		}
		return true
	})
	return size
}

// record is the line that reports what was suppressed, beside the record that comes after it.
func (s suppressed) record(after slog.Record) slog.Record {
	r := slog.NewRecord(after.Time, max(s.level, slog.LevelWarn), "log lines suppressed", 0)
	message := s.message
	if message == "" {
		message = "others"
	}
	r.AddAttrs(slog.String("message", message), slog.Int("suppressed", s.lines))
	if s.class > 0 {
		r.AddAttrs(slog.String("status", strconv.FormatInt(s.class, 10)+"xx"))
	}
	return r
}
