package console_test

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// axeScript is axe-core, which checks pages against the rules of WCAG.
func axeScript(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../e2e/node/node_modules/axe-core/axe.min.js")
	if err != nil {
		t.Fatalf("%v (tools/install installs what the tests need)", err)
	}
	return string(text)
}

// violations lists the rules that the page breaks, with the places. The page must have axeScript.
func (b *browser) violations() []string {
	b.Helper()
	return run(b, chromedp.Evaluate[[]string](
		`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(found =>
			found.violations.map(v => v.id + ": " +
				v.nodes.map(n => n.html.slice(0, 160) + " " + (n.any[0]?.message ?? "")).slice(0, 3).join(" | ")))`,
		chromedp.EvalAwaitPromise))
}

// tooWideActions finds the actions of a row that reach over its edge, which does not make the page wider.
const tooWideActions = `[...document.querySelectorAll(".row-actions")].filter(a => a.scrollWidth > a.clientWidth && a.clientWidth > 0)
	.map(a => a.innerText.replaceAll("\n", " "))`

var forcedColours = flag.Bool("forced-colours", false, "let TestAccessibility look at forced colours too, as make test-all does")

// TestAccessibility checks every page, in light mode on a desktop and in dark mode on a phone: no rule is broken, nothing is wider than the
// screen or its card, and the browser reports no error.
func TestAccessibility(t *testing.T) {
	h := galleryHarness(t)
	axe := axeScript(t)
	all := slices.DeleteFunc(appearances(), func(a appearance) bool {
		// The first two have the same colours and the same layout as others.
		return a.name == "desktop-dark" || a.name == "phone-light" || a.name == "desktop-forced" && !*forcedColours
	})
	h.eachScene(gallery(h), all[0], func(b *browser, s scene) {
		run(b, chromedp.Evaluate[bool](axe+"; true"))
		for _, a := range all {
			b.look(a.width, a.height, a.scheme)
			for _, broken := range b.violations() {
				t.Errorf("%s, %s: %s", s.name, a.name, broken)
			}
			if wide := run(b, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`)); wide > a.width {
				t.Errorf("%s, %s: %d pixels wide on a screen of %d", s.name, a.name, wide, a.width)
			}
			if actions := run(b, chromedp.Evaluate[[]string](tooWideActions)); len(actions) > 0 {
				t.Errorf("%s, %s: actions leave their card: %s", s.name, a.name, strings.Join(actions, "; "))
			}
		}
		if complaints := b.complaints(); len(complaints) > 0 {
			t.Errorf("%s: the browser says: %s", s.name, strings.Join(complaints, "; "))
		}
		b.look(all[0].width, all[0].height, all[0].scheme)
	})
}
