package console_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// browser is a Chromium of its own, looking at a house. Each method fails the test when what it waits for does not come.
type browser struct {
	*testing.T
	ctx   context.Context
	house *house
}

const patience = time.Minute // far beyond what anything takes, so that a busy machine fails nothing

func newBrowser(t *testing.T, h *house) *browser {
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
	if err := chromedp.Do(ctx); err != nil { // the context of the first run is the life of the browser
		t.Fatal(err)
	}
	return &browser{t, ctx, h}
}

type step = chromedp.Action[chromedp.Void]

func (b *browser) do(steps ...step) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		body, _ := chromedp.Run(b.ctx, chromedp.Evaluate[string](`location.href + "\n" + document.body.innerText`))
		b.Fatalf("%v, at %s", err, body)
	}
}

// run is do for what has a result.
func run[T any](b *browser, action chromedp.Action[T]) T {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	result, err := chromedp.Run(ctx, action)
	if err != nil {
		b.Fatal(err)
	}
	return result
}

func (b *browser) open(path string) { b.Helper(); b.do(chromedp.Navigate(b.house.url + path)) }

func (b *browser) click(css string) {
	b.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS(css)), chromedp.Click(chromedp.CSS(css)))
}

func (b *browser) fill(css, text string) {
	b.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS(css)), chromedp.SendKeys(chromedp.CSS(css), text))
}

// see waits until something is visible and returns its text.
func (b *browser) see(css string) string {
	b.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS(css)))
	return strings.TrimSpace(run(b, chromedp.TextContent(chromedp.CSS(css))))
}

func (b *browser) signIn(user string) {
	b.Helper()
	b.open("/console/sign-in")
	b.fill("#email", user)
	b.fill("#password", password)
	b.click("button[type=submit]")
	b.do(chromedp.WaitVisible(chromedp.CSS(".side")))
}

// look sets the size of the window and the colour scheme.
func (b *browser) look(width, height int64, scheme string) {
	b.Helper()
	scale := 1.0
	if width < 500 {
		scale = 2
	}
	b.do(chromedp.EmulateViewport(width, height, chromedp.EmulateScale(scale)))
	features := []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features}); err != nil {
		b.Fatal(err)
	}
}
