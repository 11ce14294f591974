// Package pagetest tries the page of -o html in Chromium. It is a module of its own, so that
// what drives the browser is in no graph but its own.
package pagetest

import (
	"bytes"
	"context"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// evil is a file's name that would run a script where it is taken for HTML.
const evil = `<img src=x onerror=document.title='run'>.pcap`

// program is the program to try: TCPWATCH names it; without that it is built.
func program(t *testing.T) string {
	t.Helper()
	bin := os.Getenv("TCPWATCH")
	if bin == "" {
		bin = filepath.Join(t.TempDir(), "tcpwatch")
		build := exec.Command("go", "build", "-o", bin, "./cmd/tcpwatch")
		build.Dir = filepath.Join("..", "..")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	return bin
}

// makePage writes the page of some captures, one of a hostile name, and returns its address.
func makePage(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	bin := program(t)
	page := filepath.Join(dir, "page.html")
	args := []string{"-o", "html:" + page}
	for _, name := range []string{"lossy", "zero-window", "syn-lost", "keepalive-dead", "aborts-many", "close-wait-leak"} {
		file := filepath.Join("..", "..", "testdata", "pcaps", name+".pcap")
		if name == "lossy" {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			file = filepath.Join(dir, evil)
			if err := os.WriteFile(file, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		args = append(args, file)
	}
	if out, err := exec.Command(bin, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return "file://" + page
}

// browser is a tab, with what it asked for and what it complained of.
type browser struct {
	ctx context.Context
	mu  sync.Mutex
	// requests are the addresses that were asked for.
	requests []string
}

// openBrowser starts Chromium; the test is skipped where there is none.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil && path == "" {
			path = p
		}
	}
	if path == "" {
		t.Skip("the page in a browser: chromium is missing")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.ExecPath(path), chromedp.NoSandbox)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{ctx: ctx}
	b.do(t, chromedp.EmulateViewport(1200, 900))
	if err := chromedp.Listen(ctx, func(ev any) {
		if e, ok := ev.(*network.EventRequestWillBeSent); ok {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.requests = append(b.requests, e.Request.URL)
		}
	}); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *browser) do(t *testing.T, all ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.ctx, all...); err != nil {
		t.Fatal(err)
	}
}

// eval is the value of an expression on the page.
func eval[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// expect checks a value on the page.
func expect[T comparable](t *testing.T, b *browser, what, expression string, want T) {
	t.Helper()
	if got := eval[T](t, b, expression); got != want {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestPage(t *testing.T) {
	b := openBrowser(t)
	address := makePage(t)
	console := chromedp.Console(b.ctx)
	b.do(t, chromedp.Navigate(address))

	t.Run("a hostile name stays text", func(t *testing.T) {
		expect(t, b, "images", `document.images.length`, 0)
		expect(t, b, "scripts", `document.scripts.length`, 1)
		if title := eval[string](t, b, `document.title`); !strings.Contains(title, "<img src=x") {
			t.Errorf("the title is %q", title)
		}
	})
	t.Run("sort", func(t *testing.T) {
		const column = `[...document.querySelectorAll("#hosts table tbody")].map((b) => Number(b.rows[0].cells[6].dataset.v))`
		click := `(() => {const h = document.querySelector("#hosts thead").rows[0].cells[6]; h.querySelector("button").click(); return h.getAttribute("aria-sort")})()`
		expect(t, b, "the first click", click, "descending")
		if v := eval[[]float64](t, b, column); len(v) < 5 || !slices.IsSortedFunc(v, func(a, b float64) int { return int(b - a) }) {
			t.Errorf("bytes sent: %v", v)
		}
		expect(t, b, "the second click", click, "ascending")
		if v := eval[[]float64](t, b, column); !slices.IsSorted(v) {
			t.Errorf("bytes sent: %v", v)
		}
	})
	t.Run("filter", func(t *testing.T) {
		expect(t, b, "rows with a word", `(() => {
			const box = document.querySelector("#connections .filter input");
			box.value = "10.77.53.1 handshake";
			box.dispatchEvent(new Event("input"));
			const shown = [...document.querySelectorAll("#connections tbody")].filter((b) => !b.hidden);
			return shown.length > 0 && shown.every((b) => b.textContent.includes("10.77.53.1")) && getComputedStyle(document.querySelector("#connections tbody[hidden]")).display;
		})()`, "none")
		if said := eval[string](t, b, `document.querySelector("#connections [role=status]").textContent`); !strings.Contains(said, " of ") {
			t.Errorf("the count says %q", said)
		}
		expect(t, b, "rows with none", `(() => {
			const box = document.querySelector("#connections .filter input");
			box.value = "";
			box.dispatchEvent(new Event("input"));
			return document.querySelectorAll("#connections tbody[hidden]").length;
		})()`, 0)
	})
	t.Run("keyboard", func(t *testing.T) {
		b.do(t, chromedp.KeyEvent(kb.Tab))
		expect(t, b, "the first stop", `document.activeElement.className`, "skip")
		b.do(t, chromedp.KeyEvent(kb.Enter))
		expect(t, b, "where it leads", `location.hash`, "#findings")
		expect(t, b, "a button of a table", `(() => {const b = document.querySelector("#handshakes th button"); b.focus(); return document.activeElement === b})()`, true)
		b.do(t, chromedp.KeyEvent(kb.Enter))
		expect(t, b, "Enter on it", `document.querySelector("#handshakes th").getAttribute("aria-sort")`, "ascending")
	})
	t.Run("a link unfolds", func(t *testing.T) {
		expect(t, b, "folded connections", `(() => {
			const folded = [...document.querySelectorAll(".conn details:not([open])")].pop();
			window.tried = folded;
			location.hash = folded.parentElement.id;
			return folded.parentElement.id !== "";
		})()`, true)
		if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool](`window.tried.open`)); err != nil {
			t.Error(err)
		}
	})
	t.Run("zoom", func(t *testing.T) { zoom(t, b) })
	t.Run("names for those who do not see it", func(t *testing.T) {
		expect(t, b, "drawings without a title or a description", `[...document.querySelectorAll("svg")].filter((s) =>
			!s.getAttribute("role") || s.getAttribute("aria-labelledby").split(" ").some((id) => !document.getElementById(id).textContent)).length`, 0)
		expect(t, b, "tables without a caption", `[...document.querySelectorAll("table")].filter((t) => !t.caption.textContent).length`, 0)
		expect(t, b, "heads without a scope", `document.querySelectorAll("th:not([scope])").length`, 0)
		expect(t, b, "inputs without a label", `[...document.querySelectorAll("input")].filter((i) => !i.labels.length).length`, 0)
	})
	t.Run("axe", func(t *testing.T) { b.axe(t) })
	for _, scheme := range []string{"light", "dark"} {
		t.Run(scheme, func(t *testing.T) {
			b.media(t, scheme)
			if low := eval[[]string](t, b, contrast); len(low) > 0 {
				t.Errorf("contrast below 4.5: %v", low)
			}
			b.shoot(t, scheme)
		})
	}
	t.Run("narrow", func(t *testing.T) {
		b.do(t, chromedp.EmulateViewport(400, 800))
		expect(t, b, "the page is as wide as the window", `document.documentElement.scrollWidth <= 400`, true)
		b.shoot(t, "narrow")
		b.do(t, chromedp.EmulateViewport(1200, 900))
	})
	t.Run("print", func(t *testing.T) {
		pdf, err := chromedp.Run(b.ctx, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4)))
		if err != nil || len(pdf) < 10_000 {
			t.Fatalf("%d bytes: %v", len(pdf), err)
		}
		keep(t, "page.pdf", pdf)
		t.Run("heads", func(t *testing.T) { heads(t, pdf) })
	})
	t.Run("no request, no complaint", func(t *testing.T) {
		b.quiet(t, console, func(r string) bool { return strings.SplitN(r, "#", 2)[0] == address })
		if len(b.requests) == 0 {
			t.Error("not even the page was asked for")
		}
	})
}

// heads tells that on paper the table of connections has its head on each of its pages, and no page
// ends with a head alone.
func heads(t *testing.T, pdf []byte) {
	t.Helper()
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("heads of tables on paper: pdftotext is missing")
	}
	c := exec.Command("pdftotext", "-layout", "-", "-")
	c.Stdin = bytes.NewReader(pdf)
	text, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	row, head := regexp.MustCompile(`(?m)handshake.* (?:RSTO|SF|S1)\b`), regexp.MustCompile(`(?m)^ *connection +duration.*Zeek`)
	with := 0
	for i, page := range strings.Split(string(text), "\f") {
		rows, heads := len(row.FindAllString(page, -1)), len(head.FindAllString(page, -1))
		if rows > 0 {
			with++
		}
		if rows > 0 && heads != 1 || rows == 0 && heads > 0 {
			t.Errorf("page %d: %d rows of connections, %d heads", i+1, rows, heads)
		}
	}
	if with < 2 {
		t.Errorf("connections are on %d pages: too few to tell", with)
	}
}

// quiet tells that nothing was written to the console of a page, and nothing asked for but what may be.
func (b *browser) quiet(t *testing.T, console iter.Seq2[chromedp.ConsoleMessage, error], may func(request string) bool) {
	t.Helper()
	eval[bool](t, b, `console.info("done"), true`)
	for m, err := range console {
		if err != nil {
			t.Fatal(err)
		}
		if m.Text == "done" {
			break
		}
		t.Errorf("the console says %s", m)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, r := range b.requests {
		if !may(r) {
			t.Errorf("%s was asked for", r)
		}
	}
}

// axe looks for faults of the page as it is by axe-core, of which PAGETEST_AXE names the axe.min.js.
func (b *browser) axe(t *testing.T) {
	t.Helper()
	name := os.Getenv("PAGETEST_AXE")
	if name == "" {
		t.Skip("the page under axe-core: PAGETEST_AXE names no axe.min.js")
	}
	script, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	eval[bool](t, b, string(script)+"; true")
	faults, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`axe.run().then((r) => r.violations.map((v) =>
		v.impact + ": " + v.id + ": " + v.nodes.length + " times, as " + v.nodes[0].html.slice(0, 200)))`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		t.Error(f)
	}
}

// media has the page shown in light or dark colours.
func (b *browser) media(t *testing.T, scheme string) {
	t.Helper()
	p := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
	b.do(t, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, p)
		return err
	}))
}

// shoot keeps a picture of the whole page where PAGETEST_KEEP names a folder.
func (b *browser) shoot(t *testing.T, name string) {
	t.Helper()
	if os.Getenv("PAGETEST_KEEP") == "" {
		return
	}
	picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	keep(t, name+".png", picture)
}

func keep(t *testing.T, name string, b []byte) {
	t.Helper()
	if dir := os.Getenv("PAGETEST_KEEP"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// contrast lists texts, with their colours, that have less contrast than 4.5 to 1 against what
// is behind them (WCAG 2.2, 1.4.3).
const contrast = `(() => {
	const light = (rgb) => rgb.map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
	const parse = (c) => { const n = c.match(/[\d.]+/g).map(Number); return n.length === 4 && n[3] === 0 ? null : n.slice(0, 3) };
	const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c) return c } return [255, 255, 255] };
	const low = new Map();
	for (const e of document.querySelectorAll("h1, h2, h3, p, li, dt, dd, td, th, a, code, button, label, span, figcaption, svg text")) {
		if (!e.textContent.trim()) continue;
		const svg = e instanceof SVGElement;
		const within = svg && [...e.classList].some((c) => c.startsWith("in-s-") || c === "shade");
		let under = behind(e);
		if (within) {
			const bar = getComputedStyle(e.previousElementSibling);
			const part = Number(bar.fillOpacity) * Number(bar.opacity);
			under = parse(bar.fill).map((v, i) => v * part + under[i] * (1 - part));
		}
		const over = parse(svg ? getComputedStyle(e).fill : getComputedStyle(e).color);
		const [a, b] = [light(over), light(under)].sort((x, y) => y - x);
		const ratio = (a + 0.05) / (b + 0.05);
		if (ratio < 4.5) low.set((e.getAttribute("class") || e.tagName) + " " + over + " on " + under, ratio.toFixed(2));
	}
	return [...low].map(([k, v]) => k + ": " + v);
})()`
