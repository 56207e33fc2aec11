package console_test

import (
	"context"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a Chromium process that uses the harness's server. Each method fails the test if what it waits for does not appear.
type browser struct {
	*testing.T
	ctx     context.Context
	harness *harness

	mu   sync.Mutex
	said []string // errors of scripts and of the Content-Security-Policy
}

const maxWait = 3 * time.Minute // far longer than anything takes, so that no test fails on a busy machine

func newBrowser(t *testing.T, h *harness) *browser {
	t.Helper()
	if testing.Short() {
		t.Skip("a browser takes too long for -short")
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("%v (tools/install installs what the tests need)", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("lang", "en-GB"),
	)
	allocator, cancelAllocator := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancelAllocator)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // the browser lives as long as the context of its first run
		t.Fatal(err)
	}
	b := &browser{T: t, ctx: ctx, harness: h}
	if err := chromedp.Listen(ctx, b.listen); err != nil {
		t.Fatal(err)
	}
	b.look(1360, 860, "light")
	return b
}

func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		if e.Entry.Source != log.EntrySourceNetwork { // a 404 is not a script error
			b.said = append(b.said, e.Entry.Text)
		}
	case *runtime.EventExceptionThrown:
		b.said = append(b.said, e.ExceptionDetails.Text)
	}
}

// complaints returns the errors that the page reported since the last call.
func (b *browser) complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	said := b.said
	b.said = nil
	return said
}

type step = chromedp.Action[chromedp.Void]

func (b *browser) do(steps ...step) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, maxWait)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		body, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
		b.Fatalf("%v, at %s", err, body)
	}
}

// run is do for an action with a result.
func run[T any](b *browser, action chromedp.Action[T]) T {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, maxWait)
	defer cancel()
	result, err := chromedp.Run(ctx, action)
	if err != nil {
		b.Fatal(err)
	}
	return result
}

func (b *browser) open(path string) { b.Helper(); b.do(chromedp.Navigate(b.harness.url + path)) }

// click clicks on something once it is visible. A script may replace it between the look and the click: then it looks again.
func (b *browser) click(css string) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, maxWait)
	defer cancel()
	for {
		err := chromedp.Do(ctx, chromedp.WaitVisible(chromedp.CSS(css)), chromedp.Click(chromedp.CSS(css)))
		if err == nil {
			return
		}
		if !strings.Contains(err.Error(), "Could not find node with given id") {
			b.Fatalf("click on %s: %v", css, err)
		}
	}
}

func (b *browser) fill(css, text string) {
	b.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS(css)), chromedp.SendKeys(chromedp.CSS(css), text))
}

// see waits until something is visible.
func (b *browser) see(css string) { b.Helper(); b.do(chromedp.WaitVisible(chromedp.CSS(css))) }

func (b *browser) signIn(user string) {
	b.Helper()
	b.open("/console/sign-in")
	b.fill("#email", user)
	b.fill("#password", password)
	b.click("button[type=submit]")
	b.do(chromedp.WaitVisible(chromedp.CSS(".side")))
}

// look sets the window size and the colour scheme.
func (b *browser) look(width, height int64, scheme string) {
	b.Helper()
	scale := 1.0
	if width < 500 {
		scale = 2
	}
	b.do(chromedp.EmulateViewport(width, height, chromedp.EmulateScale(scale)))
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	if scheme == "forced" {
		features = []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}}
	}
	features = append(features, &emulation.MediaFeature{Name: "prefers-reduced-motion", Value: "reduce"}) // no colour halfway to another
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		b.Fatal(err)
	}
}
