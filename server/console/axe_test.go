package console_test

import (
	"os"
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

// violations lists the rules that the page breaks, with the places.
func (b *browser) violations(axe string) []string {
	b.Helper()
	run(b, chromedp.Evaluate[bool](axe+"; true"))
	return run(b, chromedp.Evaluate[[]string](
		`axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}).then(found =>
			found.violations.map(v => v.id + ": " +
				v.nodes.map(n => n.html.slice(0, 160) + " " + (n.any[0]?.message ?? "")).slice(0, 3).join(" | ")))`,
		chromedp.EvalAwaitPromise))
}

// tooWideActions finds the actions of a row that reach over its edge, which does not make the page wider.
const tooWideActions = `[...document.querySelectorAll(".row-actions")].filter(a => a.scrollWidth > a.clientWidth && a.clientWidth > 0)
	.map(a => a.innerText.replaceAll("\n", " "))`

// TestAccessibility checks every page, in light mode and with forced colours on a desktop, and in dark mode on a phone: no rule is broken,
// nothing is wider than the screen or its card, and the browser reports no error.
func TestAccessibility(t *testing.T) {
	for _, a := range appearances() {
		if a.name == "desktop-dark" || a.name == "phone-light" {
			continue // the same colours and the same layout as in the others
		}
		t.Run(a.name, func(t *testing.T) {
			h := galleryHarness(t)
			axe := axeScript(t)
			h.eachScene(gallery(h), a, func(b *browser, s scene) {
				for _, broken := range b.violations(axe) {
					t.Errorf("%s: %s", s.name, broken)
				}
				if wide := run(b, chromedp.Evaluate[int64](`document.documentElement.scrollWidth`)); wide > a.width {
					t.Errorf("%s is %d pixels wide on a screen of %d", s.name, wide, a.width)
				}
				if actions := run(b, chromedp.Evaluate[[]string](tooWideActions)); len(actions) > 0 {
					t.Errorf("%s: actions leave their card: %s", s.name, strings.Join(actions, "; "))
				}
				if complaints := b.complaints(); len(complaints) > 0 {
					t.Errorf("%s: the browser says: %s", s.name, strings.Join(complaints, "; "))
				}
			})
		})
	}
}
