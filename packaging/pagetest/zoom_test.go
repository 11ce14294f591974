package pagetest

import (
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// graphAt tells of the first time-sequence graph: how many of its marks there are, how many in the
// part that is zoomed, the marks at the axes of that part, and where all lie.
const graphAt = `(() => {
	const svg = document.querySelector(".conn details[open] svg[data-zoom]");
	const marks = [...svg.querySelectorAll("rect.seg:has(title)")];
	return { inside: svg.querySelectorAll(":scope > svg rect.seg:has(title)").length, marks: marks.length, ticks: svg.querySelectorAll(":scope > g .tick").length,
		xs: marks.map((m) => m.getAttribute("x")).join(" "), ds: [...svg.querySelectorAll("path.ack")].map((m) => m.getAttribute("d")).join("") };
})()`

// graph is what graphAt tells.
type graph struct {
	Inside int    `json:"inside"`
	Marks  int    `json:"marks"`
	Ticks  int    `json:"ticks"`
	Xs     string `json:"xs"`
	Ds     string `json:"ds"`
}

// zoom tries a time-sequence graph by keys, by its buttons and by the mouse.
func zoom(t *testing.T, b *browser) {
	whole := eval[graph](t, b, graphAt)
	if whole.Inside != 0 || whole.Marks < 5 {
		t.Fatalf("before: %+v", whole)
	}
	changed := func(what string) graph {
		t.Helper()
		g := eval[graph](t, b, graphAt)
		if g.Inside != g.Marks || g.Xs == whole.Xs || g.Ds == whole.Ds || g.Ticks < 2 {
			t.Errorf("%s: %+v", what, g)
		}
		return g
	}
	back := func(what string) {
		t.Helper()
		if g := eval[graph](t, b, graphAt); g != whole {
			t.Errorf("%s: %+v, want %+v", what, g, whole)
		}
	}
	eval[bool](t, b, `(() => {const f = document.querySelector(".conn details[open] svg[data-zoom]").parentElement; f.focus(); f.scrollIntoView(); return true})()`)
	b.do(t, chromedp.KeyEvent("+"))
	once := changed("+")
	b.do(t, chromedp.KeyEvent(kb.ArrowRight))
	if g := changed("to the right"); g == once {
		t.Error("an arrow moves nothing")
	}
	b.do(t, chromedp.KeyEvent(kb.ArrowUp))
	if g := changed("up"); g.Ds == once.Ds {
		t.Error("an arrow moves nothing up")
	}
	b.do(t, chromedp.KeyEvent("0"))
	back("0")
	b.do(t, chromedp.KeyEvent("-"))
	back("-, where there is no more")
	eval[bool](t, b, `document.querySelector(".conn details[open] .zoom button").click(), true`)
	if g := changed("a button"); g != once {
		t.Errorf("the button does otherwise than the key: %+v", g)
	}
	b.do(t, chromedp.KeyEvent("0"))
	at := eval[[]float64](t, b, `(() => {
		const svg = document.querySelector(".conn details[open] svg[data-zoom]");
		const [x1, x2, y1, y2] = svg.dataset.zoom.split(" ").map(Number);
		return [[x1 + (x2 - x1) / 4, y1 + (y2 - y1) / 2], [x1 + (x2 - x1) / 2, y2]].flatMap(([x, y]) => {
			const p = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
			return [p.x, p.y];
		});
	})()`)
	b.do(t, chromedp.MouseEvent(chromedp.MousePressed, at[0], at[1], chromedp.ButtonLeft, chromedp.ClickCount(1)),
		chromedp.MouseEvent(chromedp.MouseMoved, at[2]-20, at[3]-20, chromedp.ButtonLeft),
		chromedp.MouseEvent(chromedp.MouseMoved, at[2], at[3], chromedp.ButtonLeft),
		chromedp.MouseEvent(chromedp.MouseReleased, at[2], at[3], chromedp.ButtonLeft, chromedp.ClickCount(1)))
	if g := changed("a frame"); g == once {
		t.Error("a frame chooses no other part")
	}
	b.shoot(t, "zoomed")
	eval[bool](t, b, `document.querySelector(".conn details[open] svg[data-zoom]").dispatchEvent(new MouseEvent("dblclick", {bubbles: true})), true`)
	back("a double click")
}
