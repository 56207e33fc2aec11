package main

import (
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progressAfter is how long something takes before its progress is shown.
const progressAfter = time.Second

// progress shows on standard error how far something has come, if that is a terminal. Its methods may be called from many goroutines.
type progress struct {
	mu    sync.Mutex
	timer *time.Timer // until the bar begins; nil where nobody sees one
	bar   *progressbar.ProgressBar
	count int64 // before the bar begins
	over  bool
}

// progress begins something with so many steps; -1 is a number that is not known.
func (p *program) progress(what string, steps int64, options ...progressbar.Option) *progress {
	shown := &progress{}
	if _, is := terminalOf(p.stderr); !is {
		return shown
	}
	shown.timer = time.AfterFunc(progressAfter, func() {
		shown.mu.Lock()
		defer shown.mu.Unlock()
		if shown.over {
			return
		}
		const width = 30
		shown.bar = progressbar.NewOptions64(steps, append([]progressbar.Option{
			progressbar.OptionSetWriter(p.stderr), progressbar.OptionSetDescription(what), progressbar.OptionShowCount(),
			progressbar.OptionSetWidth(width), progressbar.OptionClearOnFinish(),
		}, options...)...)
		_ = shown.bar.Add64(shown.count) // a terminal that fails shows nothing, and the work goes on
	})
	return shown
}

// add notes that so many steps are done.
func (g *progress) add(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.count += int64(n)
	if g.bar != nil {
		_ = g.bar.Add(n)
	}
}

// Write notes that so many bytes are done, for io.MultiWriter.
func (g *progress) Write(some []byte) (int, error) {
	g.add(len(some))
	return len(some), nil
}

// done takes the bar away.
func (g *progress) done() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.over = true
	if g.timer != nil {
		g.timer.Stop()
	}
	if g.bar != nil {
		_ = g.bar.Finish()
	}
}
