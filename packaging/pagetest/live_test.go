package pagetest

import (
	"bufio"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// capture is a file of pcap: its head and its packets, each with its record's head.
type capture struct {
	head    []byte
	packets [][]byte
}

func readCapture(t *testing.T, name string) *capture {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "testdata", "pcaps", name+".pcap"))
	if err != nil {
		t.Fatal(err)
	}
	c := &capture{head: b[:24]}
	for b = b[24:]; len(b) >= 16; {
		n := 16 + binary.LittleEndian.Uint32(b[8:])
		c.packets = append(c.packets, b[:n])
		b = b[n:]
	}
	return c
}

// at has the packets stamped so that the first comes at a second.
func (c *capture) at(second uint32) {
	first := binary.LittleEndian.Uint32(c.packets[0])
	for _, p := range c.packets {
		binary.LittleEndian.PutUint32(p, binary.LittleEndian.Uint32(p)-first+second)
	}
}

// write writes the packets.
func (c *capture) write(t *testing.T, to io.Writer) {
	t.Helper()
	for _, p := range c.packets {
		if _, err := to.Write(p); err != nil {
			t.Fatal(err)
		}
	}
}

// served is a tcpwatch that reads what the test writes to it, with its page.
type served struct {
	address string
	in      io.WriteCloser
	process *os.Process
	lines   chan string // of standard error
	ended   chan error
}

func serveLive(t *testing.T) *served {
	t.Helper()
	c := exec.Command(program(t), "-r", "-", "--http", "127.0.0.1:0")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Process.Kill() })
	s := &served{in: in, process: c.Process, lines: make(chan string, 100), ended: make(chan error, 1)}
	go func() {
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			s.lines <- lines.Text()
		}
		s.ended <- c.Wait()
	}()
	return s
}

// begun waits for the address, which is told when reading begins.
func (s *served) begun(t *testing.T) {
	t.Helper()
	select {
	case line := <-s.lines:
		_, address, ok := strings.Cut(line, "the page is at ")
		if !ok {
			t.Fatal(line)
		}
		s.address = address
	case <-time.After(20 * time.Second):
		t.Fatal("no address was told")
	}
}

// until waits until an expression on the page is true, and tells how long that took.
func (b *browser) until(t *testing.T, what, expression string, most time.Duration) time.Duration {
	t.Helper()
	began := time.Now()
	for !eval[bool](t, b, expression) {
		if time.Since(began) > most {
			t.Fatalf("%s: not within %v: %s", what, most, eval[string](t, b, `document.getElementById("now").innerText`))
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(began)
}

// The page follows from start to finding, keeps what the reader did, and survives a reload.
func TestLivePage(t *testing.T) {
	b := openBrowser(t)
	before, incident := readCapture(t, "aborts-many"), readCapture(t, "zero-window")
	const start = 1_700_000_000
	before.at(start)
	incident.at(start + 20)
	s := serveLive(t)
	if _, err := s.in.Write(before.head); err != nil {
		t.Fatal(err)
	}
	before.write(t, s.in)
	s.begun(t)
	console := chromedp.Console(b.ctx)
	b.do(t, chromedp.Navigate(s.address))
	b.until(t, "the page is there", `document.querySelectorAll("#connections tbody").length > 5`, 5*time.Second)

	eval[bool](t, b, `(() => {
		for (const d of document.querySelectorAll("#findings details[open]")) d.open = false;
		window.opened = document.querySelector("#findings details");
		window.opened.open = true;
		const box = document.querySelector("#connections .filter input");
		box.value = ":80 reset";
		box.dispatchEvent(new Event("input"));
		box.focus();
		box.setSelectionRange(1, 3);
		document.querySelector("#connections th button").click();
		window.box = box;
		window.article = window.opened.parentElement.id;
		return true;
	})()`)
	const noZeroWindow = `!document.getElementById("now").innerText.includes("closed its window")`
	expect(t, b, "a finding before there is one", noZeroWindow, true)
	incident.write(t, s.in)
	took := b.until(t, "the finding", `document.getElementById("now").innerText.includes("closed its window")`, 2*time.Second)
	t.Logf("the finding is on the page after %v", took)
	b.until(t, "and among all", `document.getElementById("findings").innerText.includes("closed its window")`, time.Second)
	b.until(t, "and its connection", `[...document.querySelectorAll("#connections tbody")].some((b) => b.textContent.includes("10.77.53.1:"))`, time.Second)

	expect(t, b, "what was unfolded", `document.getElementById(window.article).querySelector("details").open && window.opened.isConnected`, true)
	expect(t, b, "what was folded", `document.querySelectorAll("#findings details[open]").length <= 2`, true)
	expect(t, b, "the filter", `window.box.isConnected && window.box.value`, ":80 reset")
	expect(t, b, "where one types", `document.activeElement === window.box && window.box.selectionStart + "-" + window.box.selectionEnd`, "1-3")
	expect(t, b, "rows that do not match", `[...document.querySelectorAll("#connections tbody")].filter((b) => !b.hidden && !b.textContent.toLowerCase().includes("reset")).length`, 0)
	expect(t, b, "the order", `document.querySelector("#connections th[aria-sort]").getAttribute("aria-sort")`, "ascending")
	expect(t, b, "rows out of order", `(() => {
		const all = [...document.querySelectorAll("#connections tbody")].map((b) => b.rows[0].cells[0].textContent);
		return all.filter((x, i) => i && all[i - 1].localeCompare(x, "en", { numeric: true }) > 0).length;
	})()`, 0)
	expect(t, b, "filters of the table", `document.querySelectorAll("#connections .filter").length`, 1)
	t.Run("axe", func(t *testing.T) { b.axe(t) })
	for _, scheme := range []string{"light", "dark"} {
		b.media(t, scheme)
		if low := eval[[]string](t, b, contrast); len(low) > 0 {
			t.Errorf("contrast below 4.5: %v", low)
		}
		b.shoot(t, "live-"+scheme)
	}
	b.do(t, chromedp.EmulateViewport(400, 800))
	expect(t, b, "the page is as wide as the window", `document.documentElement.scrollWidth <= 400`, true)
	b.shoot(t, "live-narrow")
	b.do(t, chromedp.EmulateViewport(1200, 900))

	b.do(t, chromedp.Navigate(s.address))
	expect(t, b, "the newest state, at once", `document.getElementById("now").innerText.includes("closed its window")`, true)
	s.in.Close()
	b.until(t, "all is read", `document.getElementById("state").textContent === "all is read"`, 3*time.Second)
	if err := s.process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	b.until(t, "the end", `document.getElementById("state").textContent.includes("has ended")`, 3*time.Second)
	select {
	case err := <-s.ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("tcpwatch does not end")
	}
	b.quiet(t, console, func(r string) bool { return r == s.address || r == s.address+"events" })
}
