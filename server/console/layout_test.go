package console_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// misplaced lists what is outside the window, reaches over its own box, or is cut off. What has a scroll bar of its own may be longer than
// its box, as long as the box is in the window.
const misplaced = `(() => {
	const found = [], width = document.documentElement.clientWidth, whole = document.documentElement.scrollWidth;
	const scrolls = e => ["auto", "scroll"].includes(getComputedStyle(e).overflowX);
	const name = e => e.tagName.toLowerCase() + (e.id ? "#" + e.id : "") + [...e.classList].map(c => "." + c).join("");
	const note = (e, what) => found.push(what + ": " + name(e) + " " + (e.innerText ?? "").replaceAll(/\s+/g, " ").slice(0, 40));
	if (whole > width) found.push("page: " + whole + " > " + width);
	for (const e of document.body.querySelectorAll("*")) {
		const box = e.getBoundingClientRect(), style = getComputedStyle(e);
		if (box.width < 2 || box.height < 2 || style.visibility === "hidden" || e.closest(".unseen, .skip, thead, svg, option")) continue;
		let reachable = scrolls(e);
		for (let p = e.parentElement; p && p !== document.body; p = p.parentElement) reachable ||= scrolls(p);
		if (!reachable && (box.right > width + 1 || box.left < -1)) note(e, "outside");
		const longer = e.clientWidth > 0 && e.scrollWidth > e.clientWidth + 1 && !["INPUT", "TEXTAREA", "SELECT"].includes(e.tagName);
		if (longer && !reachable) note(e, (style.overflowX === "visible" ? "over its box by " : "cut off by ") + (e.scrollWidth - e.clientWidth));
		if (["hidden", "clip"].includes(style.overflowY) && e.scrollHeight > e.clientHeight + 1) note(e, "cut off below");
	}
	return [...new Set(found)].slice(0, 5);
})()`

// unmarked lists the present page, filter or range where only a colour says so, and pressed what paper has no use for.
const (
	unmarked = `[...document.querySelectorAll("[aria-current]")]
		.filter(e => e.checkVisibility() && getComputedStyle(e).outlineStyle === "none")
		.map(e => "not marked: " + e.outerHTML.slice(0, 80))`
	pressed = `[...document.querySelectorAll("button, nav, .side, input[type=search], .button, .back")]
		.filter(e => e.getBoundingClientRect().width > 0).map(e => "on paper: " + e.outerHTML.slice(0, 80))`
)

// TestLayoutHolds shows every page with the longest and the oddest texts. Nothing leaves the window and nothing is cut off, from phones
// to wide screens, at 200 % zoom (WCAG 2.2, 1.4.4 and 1.4.10), with forced colours, where what is current is marked by a frame, and on
// paper, where nothing can be pressed.
func TestLayoutHolds(t *testing.T) {
	h := galleryHarnessWith(t, withLongClientIDs)
	scenes := gallery(h)
	h.stretch()
	h.eachScene(scenes, appearance{width: 1280, height: 860, scheme: "light"}, func(b *browser, s scene) {
		for _, view := range []struct {
			name   string
			width  int64
			medium string // screen, print or forced
		}{
			{"320", 320, ""},
			{"390", 390, ""},
			{"640, which is 1280 at 200 %", 640, ""},
			{"768", 768, ""},
			{"1181, the narrowest with the menu at the side", 1181, ""},
			{"1920", 1920, ""},
			{"1280", 1280, ""},
			{"forced colours", 390, "forced"},
			{"paper", 720, "print"},
		} {
			b.resize(view.width, view.medium)
			wrong := run(b, chromedp.Evaluate[[]string](misplaced))
			switch {
			case view.medium == "forced":
				wrong = append(wrong, run(b, chromedp.Evaluate[[]string](unmarked))...)
			case view.medium == "print" && s.who != "":
				wrong = append(wrong, run(b, chromedp.Evaluate[[]string](pressed))...)
			}
			if len(wrong) > 0 {
				t.Errorf("%s at %s:\n\t%s", s.name, view.name, strings.Join(wrong, "\n\t"))
			}
		}
		b.resize(1280, "")
	})
}

// resize sets the width, and what the page is shown on: a screen unless the medium says otherwise.
func (b *browser) resize(width int64, medium string) {
	b.Helper()
	b.do(chromedp.EmulateViewport(width, 860))
	p := emulation.SetEmulatedMediaParams{}
	switch medium {
	case "print":
		p.Media = "print"
	case "forced":
		p.Features = []*emulation.MediaFeature{{Name: "forced-colors", Value: "active"}}
	}
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, p); err != nil {
		b.Fatal(err)
	}
}
