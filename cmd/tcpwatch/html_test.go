package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"tcpwatch/internal/pcaptest"
	"tcpwatch/internal/recordtest"
)

const pcaps = "../../testdata/pcaps/"

// pageFrom is the page that a run writes to standard output.
func pageFrom(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := run(append([]string{"-o", "html"}, args...), &stdout, &stderr); status != exitDone || stderr.Len() > 0 {
		t.Fatalf("%v: status %d: %s", args, status, &stderr)
	}
	return stdout.String()
}

// sameInEach is what all pages have: the style, the script, and their hashes.
var sameInEach = regexp.MustCompile(`(?s)(<style>).*?(</style>)|(<script>).*?(</script>)|(sha256-)[A-Za-z0-9/+=]*(?:&#43;[A-Za-z0-9/+=]*)*()`)

// The page of a capture of the lab, to the byte but for its style and script; go test
// -update-readme writes it anew.
func TestPage(t *testing.T) {
	page := sameInEach.ReplaceAllString(pageFrom(t, pcaps+"accept-queue-full.pcap"), "$1$2$3$4$5")
	recordtest.Golden(t, filepath.Join("testdata", "page.html"), page, *updateReadme)
}

// The connections that findings cite are drawn, with the packets that they have.
func TestPageDrawsWhatIsCited(t *testing.T) {
	page := pageFrom(t, pcaps+"zero-window.pcap")
	for _, want := range []string{
		`<h2 id="cited-title">Connections that the findings cite</h2>`, `id="connection-3"`, `<a href="#connection-3">#3</a>`,
		`<title id="connection-3-sequence-orig-t">What the client sent over time</title>`, `<title id="connection-3-ladder-t">`,
		`>zero-window probe 4</text>`, `<circle class="trip"`, `<title>packet 17: 9641:10137, retransmission of 496 bytes, 4.3 ms after the first (packet 16)</title>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if page := pageFrom(t, pcaps+"close-by-client.pcap"); !strings.Contains(page, `Connections as examples</h2>`) || !strings.Contains(page, `-ladder-t">`) {
		t.Error("without a finding no connection is drawn")
	}
}

// With a condition, only connections that it chooses are drawn.
func TestPageOfSome(t *testing.T) {
	page := pageFrom(t, pcaps+"syn-lost.pcap", pcaps+"zero-window.pcap", "--where", "open.felt_s > 1")
	if n := strings.Count(page, `-ladder-t">`); n != 1 {
		t.Errorf("%d connections are drawn", n)
	}
	if !strings.Contains(page, `<title id="trips-t">`) {
		t.Error("what their segments carried is not known")
	}
}

// What can be read once only is told of all the same, and the page says what is missing.
func TestPageOfPipe(t *testing.T) {
	in, err := os.Open(pcaps + "zero-window.pcap")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	stdin := os.Stdin
	os.Stdin = in
	defer func() { os.Stdin = stdin }()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer w.Close()
		b, _ := os.ReadFile(in.Name())
		w.Write(b)
	}()
	os.Stdin = r
	page := pageFrom(t, "-r", "-")
	if !strings.Contains(page, "No connection is drawn here") || strings.Contains(page, `-ladder-t">`) || !strings.Contains(page, "closed its window") {
		t.Error("a pipe was read twice, or not told of")
	}
}

// Every link leads somewhere, no two things have one name, and nothing is asked for.
func TestPageIsWhole(t *testing.T) {
	var files []string
	for _, name := range []string{"zero-window", "syn-lost", "keepalive-dead", "ports-used-up", "aborts-many", "lossy"} {
		files = append(files, pcaps+name+".pcap")
	}
	page := pageFrom(t, files...)
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if ids[m[1]] {
			t.Errorf("the id %s is there twice", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`(?:href="#|aria-labelledby=")([^"]*)"`).FindAllStringSubmatch(page, -1) {
		for _, id := range strings.Fields(m[1]) {
			if !ids[id] {
				t.Errorf("nothing has the id %s", id)
			}
		}
	}
	if m := regexp.MustCompile(`[a-z]+://[^ ]*|url\([^)]*\)`).FindString(page); m != "" {
		t.Errorf("%s is in the page", m)
	}
	if n := strings.Count(page, `-ladder-t">`); n < 6 || n > 12 {
		t.Errorf("%d connections are drawn", n)
	}
}

// A page may be read by somebody who has no program: it names none of its options, holds the rules of
// its findings, and each finding leads to its own.
func TestPageStandsAlone(t *testing.T) {
	option := regexp.MustCompile(`--(?:explain|why|report|top|sort|msl|extract|where|max-[a-z]+)\b[^<]{0,40}`)
	for _, name := range []string{"zero-window", "keepalive-dead", "idle-forgotten", "aborts-many", "time-wait-reuse", "port-reused-early"} {
		page := pageFrom(t, pcaps+name+".pcap")
		_, body, _ := strings.Cut(page, "<body>")
		body, _, _ = strings.Cut(body, `<section id="rules"`)
		if m := option.FindString(body); m != "" {
			t.Errorf("%s: %s", name, m)
		}
		findings := strings.Count(page, `<article class="finding `)
		links := regexp.MustCompile(`<a href="#(rule-[a-z0-9-]+)">By which rule`).FindAllStringSubmatch(page, -1)
		if len(links) != findings {
			t.Errorf("%s: %d findings, %d links to rules", name, findings, len(links))
		}
		for _, m := range links {
			if !strings.Contains(page, `<h3 id="`+m[1]+`">`) {
				t.Errorf("%s: nothing has the id %s", name, m[1])
			}
		}
		if !strings.Contains(page, "<dt>numbers</dt><dd>#N is the connection that begins with packet N") {
			t.Errorf("%s does not say what a number is", name)
		}
	}
}

// What an end's packets show looks otherwise than what is concluded once it is silent: of a server that
// keepalive finds dead, of TIME-WAIT after the last packet.
func TestPageTellsSeenFromConcluded(t *testing.T) {
	for name, want := range map[string]*regexp.Regexp{
		"keepalive-dead":  regexp.MustCompile(`<rect class="s-established unseen" [^>]*><title>ESTABLISHED of the server for 4\.10[0-9] s \(seen, packet 5; it sent nothing more\)</title>`),
		"close-by-client": regexp.MustCompile(`<rect class="s-time-wait unseen" [^>]*><title>TIME-WAIT of the client for 60 s \(`),
	} {
		if page := pageFrom(t, pcaps+name+".pcap"); !want.MatchString(page) || !strings.Contains(page, ">dashed: that end sent nothing more</text>") {
			t.Errorf("%s: no %s", name, want)
		}
	}
}

// The packet that answered after the longest idle time is in the record: here the server's FIN, 63 s
// after the answer before.
func TestPacketAfterIdleTime(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if status := run([]string{"-o", "jsonl", pcaps + "idle-answered.pcap"}, &stdout, &stderr); status != exitDone {
		t.Fatal(&stderr)
	}
	for _, want := range []string{`"id":3,`, `"longest_packet":38`, `"longest_packet":42`} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("%s is missing", want)
		}
	}
}

// Keepalive as Linux has it where nobody changed it, two hours of idle time and nine probes 75 s apart,
// then a RST: the page has each of them where it belongs.
func TestPageOfKeepalive(t *testing.T) {
	const client, server = "192.0.2.1:40000", "192.0.2.2:80"
	text := "0 " + client + " > " + server + " S seq 1000\n0.001 " + server + " > " + client + " S. seq 5000 ack 1001 len 0\n" +
		"0.002 " + client + " > " + server + " . seq 1001 ack 5001 len 0\n0.003 " + client + " > " + server + " P. seq 1001 ack 5001 len 100\n" +
		"0.004 " + server + " > " + client + " P. seq 5001 ack 1101 len 200\n0.005 " + client + " > " + server + " . seq 1101 ack 5201 len 0\n"
	for i := range 9 {
		text += fmt.Sprintf("%d.005 %s > %s . seq 1100 ack 5201 len 0\n", 7200+75*i, client, server)
	}
	text += fmt.Sprintf("%d.005 %s > %s R. seq 1101 ack 5201 len 0\n", 7200+75*9, client, server)
	var b bytes.Buffer
	if err := pcaptest.WriteText(&b, text); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "keepalive.pcap")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	page := pageFrom(t, file)
	for _, want := range []string{
		">9 probes from the client, 9 unanswered, the first after 2 h, then every 75 s: dead</dd>",
		"<title>idle for 2 h, then a keepalive probe of the client</title>",
		"<title>probe 1 of 9 of the client, unanswered</title>", "<title>probe 9 of 9 of the client, unanswered</title>",
		">2 h without a packet</text>", "fits the defaults of Linux (7200 s idle, 75 s apart, 9 probes)",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is missing", want)
		}
	}
	// 7,875 s are 870 wide, from 70 on: the first probe stands at 7,200 s.
	if m := regexp.MustCompile(`<rect class="probe" x="([0-9.]+)"[^>]*><title>probe 1 of 9`).FindStringSubmatch(page); m == nil || m[1] != "863.9" {
		t.Errorf("the first probe stands at %v", m)
	}
}
