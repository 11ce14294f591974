package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tcpwatch"
	"tcpwatch/internal/recordtest"
	"tcpwatch/report"
	"tcpwatch/report/glossary"
	"tcpwatch/report/plot"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// guideStates are the captures whose ladders show the states, most of them in a picture with
// others; "" for one that no packet shows.
var guideStates = map[string]string{
	"LISTEN": "", "SYN-SENT": "no-answer", "SYN-RECEIVED": "syn-ack-lost", "ESTABLISHED": "close-four-segments", "FIN-WAIT-1": "close-four-segments",
	"FIN-WAIT-2": "close-four-segments", "CLOSE-WAIT": "close-wait-leak", "CLOSING": "simultaneous-close", "LAST-ACK": "close-four-segments", "TIME-WAIT": "close-by-client",
	"CLOSED": "refused",
}

// guideFindings are the captures whose ladders show what a detector finds.
var guideFindings = map[string]string{
	"refused": "refused", "unreachable": "icmp-port-unreachable", "no-answer": "no-answer", "half-open": "syn-acks-lost-at-server", "abandoned": "opener-aborts",
	"health-check": "health-checks", "only-syn-passes": "only-syn-passes", "closed-at-once": "closed-at-once", "stale-connection": "host-restart",
	"shared-tuple": "two-addresses-one-target", "port-collision": "two-addresses-one-target-at-server", "queue-full": "accept-queue-abort",
	"syn-cookies": "syns-with-cookies-at-server", "syn-lost": "syn-lost", "syn-ack-lost": "syn-ack-lost", "slow-handshake": "slow-answer",
	"time-wait-reuse": "time-wait-reuse", "reuse-refused": "time-wait-stale-syn", "close-wait": "close-wait-minute", "fin-wait-2": "fin-wait-2-held",
	"fin-unacked": "fin-never-acked", "last-ack": "last-ack-never", "half-close": "half-close-stuck", "half-close-unkept": "half-close-not-kept", "vanished": "vanished",
	"fell-silent": "middlebox-silence", "still-open": "close-wait-leak", "reset-abort": "abort-linger-0", "reset-unread": "closed-unread-by-server",
	"reset-late-data": "data-after-close", "gave-up-waiting": "client-gives-up", "reset-forgotten": "server-forgets", "reset-bare": "one-port-to-two-addresses",
	"reset-injected": "middlebox-reset", "reset-ignored": "challenge-ack-rst-at-server", "reset-harmless": "time-wait-reset-at-server", "untranslated": "untranslated-answer",
	"keepalive-dead": "keepalive-dead", "keepalive-missing": "idle-forgotten-one", "idle-timeout": "idle-forgotten", "idle-race": "idle-race", "zero-window": "zero-window",
	"window-not-taken": "window-update-unheard", "nagle-delay": "small-writes", "queueing": "deep-queue", "loss": "lossy", "retx-storm": "very-lossy",
	"timestamps-refused": "paws-refused-at-server", "checksum-wrong": "checksum-spoiled", "sack-rewritten": "numbers-rewritten", "window-scale-ignored": "scale-ignored",
	"mtu-black-hole": "mtu-black-hole", "option-stripped": "sack-stripped", "mss-clamped": "mss-clamped", "ecn-bleached": "ecn-cleared-at-server",
	"syn-flood": "syn-flood-at-server", "port-scan": "port-scan", "backscatter": "syn-flood-one-way",
	"capture-one-way": "one-way-client", "capture-copies": "doubled-on-the-path", "capture-cut": "snaplen-96",
	"capture-offload": "upload-offload", "capture-midstream": "midstream", "capture-drops": "upload-capture-drops",
}

const (
	docsDir      = "../../docs/"
	guideFolder  = "pictures" // below docs
	guideRows    = 26         // of a ladder, before only the close may add some
	guideAround  = 4
	pictureBytes = 1_500_000 // of the whole folder
)

// pictures are files below docs that a test makes.
type pictures map[string][]byte

// ladder draws the connection that a detector cites in a capture, without a detector the first,
// and names the file; "" where nothing is drawn.
func (p pictures) ladder(t *testing.T, capture string, only []diagnose.Detector) string {
	t.Helper()
	name := guideFolder + "/" + capture + ".svg"
	if len(only) > 0 {
		name = guideFolder + "/" + only[0].Name + ".svg"
	}
	if p[name] != nil {
		return name
	}
	src, err := tcpwatch.Open(pcaps + capture + ".pcap")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	var o tcpwatch.Options
	o.MSL, o.Workers = 30e9, 1
	o.Sums.Thresholds, o.Sums.Detectors, o.Sums.Pictures = diagnose.NewOptions(), only, true
	c := &citing{}
	if len(only) > 0 {
		if err := tcpwatch.Find(context.Background(), src, o, report.NewFound(func(*record.Record) bool { return false }), false, c); err != nil {
			t.Fatal(err)
		}
		if c.id == 0 {
			t.Fatalf("%s finds no connection in %s", only[0].Name, capture)
		}
	}
	asked, err := plot.Parse("ladder")
	if err != nil {
		t.Fatal(err)
	}
	if asked.Pick, err = report.ParsePick(fmt.Sprint(max(c.id, 1))); err != nil {
		t.Fatal(err)
	}
	if c.id == 0 {
		asked.Pick = firstConn(t, src, o)
	}
	var svg bytes.Buffer
	x := plot.NewAlone(&svg, asked, plot.Options{MSL: 30e9, Rows: guideRows, Around: guideAround})
	if _, err := tcpwatch.Run(context.Background(), src, o, x); err != nil || x.Failed() != nil {
		t.Fatal(err, x.Failed())
	}
	p[name] = svg.Bytes()
	return name
}

// firstConn is the first connection of a capture.
func firstConn(t *testing.T, src *tcpwatch.Source, o tcpwatch.Options) *report.Pick {
	t.Helper()
	first := &plot.Choice{Most: 1}
	if err := tcpwatch.Find(context.Background(), src, o, report.NewFound(func(*record.Record) bool { return false }), false, first); err != nil || len(first.IDs) == 0 {
		t.Fatal("no connection", err)
	}
	p, err := report.ParsePick(fmt.Sprint(first.IDs[0]))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// citing is the Output that learns which connection a finding names first.
type citing struct {
	record.Base
	id uint64
}

func (c *citing) Findings(found []diagnose.Finding) error {
	for i := range found {
		if c.id == 0 && len(found[i].Conns) > 0 {
			c.id = found[i].Conns[0]
		}
	}
	return nil
}

// Markdown of a text that is none.
var asMarkdown = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "<", "&lt;", "[", `\[`, "#", `\#`, "|", `\|`)

// guide writes docs/guide.md, with the pictures that it shows.
func guide(t *testing.T, p pictures) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(guideHead)
	picture := func(name, what, capture string) {
		fmt.Fprintf(&b, "![Ladder: %s](%s)\n\n`./tcpwatch testdata/pcaps/%s.pcap --plot ladder`\n\n", what, name, capture)
	}
	b.WriteString("## States\n\n")
	shown := map[string]string{}
	for _, term := range glossary.Terms() {
		capture, state := guideStates[term.Name]
		if !state {
			break
		}
		fmt.Fprintf(&b, "### %s\n\n%s\n\n", term.Name, asMarkdown.Replace(term.Text))
		if capture == "" {
			b.WriteString("No packet of a connection shows it.\n\n")
			continue
		}
		name := p.ladder(t, capture, nil)
		if !bytes.Contains(p[name], []byte(">"+term.Name+"<")) && !bytes.Contains(p[name], []byte(">("+term.Name+")<")) {
			t.Errorf("%s shows no %s", name, term.Name)
		}
		if first := shown[name]; first != "" {
			fmt.Fprintf(&b, "The picture at [%s](#%s) shows it too.\n\n", first, strings.ToLower(first))
			continue
		}
		shown[name] = term.Name
		picture(name, term.Name, capture)
	}
	if len(guideStates) != strings.Count(b.String(), "\n### ") {
		t.Errorf("%d states in the guide, %d have captures", strings.Count(b.String(), "\n### "), len(guideStates))
	}
	list, err := diagnose.Explain("list")
	if err != nil {
		t.Fatal(err)
	}
	question, questions := "", map[string]string{}
	for line := range strings.Lines(list) {
		if !strings.HasPrefix(line, " ") {
			question = strings.TrimSpace(line)
		} else if !strings.HasPrefix(line, "   ") {
			questions[strings.Fields(line)[0]] = question
		}
	}
	b.WriteString("## Findings\n\n")
	last := ""
	for _, d := range diagnose.Detectors() {
		if q := questions[d.Name]; q != last && q != "" {
			fmt.Fprintf(&b, "### %s\n\n", q)
			last = q
		}
		fmt.Fprintf(&b, "#### %s\n\n", d.Name)
		for part := range strings.SplitSeq(strings.TrimSpace(d.Doc), "\n\n") {
			b.WriteString(asMarkdown.Replace(strings.Join(strings.Fields(part), " ")) + "\n\n")
		}
		for i, th := range d.Thresholds() {
			if i == 0 {
				b.WriteString("Thresholds:\n\n")
			}
			fmt.Fprintf(&b, "- `%s=%s`: %s\n", th.Name, th, asMarkdown.Replace(th.Doc))
		}
		if len(d.Thresholds()) > 0 {
			b.WriteString("\n")
		}
		if capture := guideFindings[d.Name]; capture != "" {
			picture(p.ladder(t, capture, []diagnose.Detector{d}), d.Name, capture)
		} else {
			b.WriteString("No bundled capture shows it.\n\n")
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}

const guideHead = `# Guide to states and findings

This page is written by a test, from the texts that ` + "`tcpwatch --explain NAME`" + ` prints and from the captures in testdata/pcaps; change those.
In a ladder time runs down, the client stands at the left and the server at the right. Each arrow is a segment with its packet number and its
time; what changes the state of an end, or is worth a word, is written under it. A state in parentheses is expected: a packet at the capture point
causes it, if it arrives. The command under a picture draws the whole connection that matters most in that capture, which may be another one than
the picture's.

- [States](#states)
- [Findings](#findings)

`

// docs/guide.md and its pictures are what the program says and draws; go test -update-readme
// writes them anew.
func TestDocsGuide(t *testing.T) {
	p := pictures{}
	recordtest.Golden(t, docsDir+"guide.md", guide(t, p), *updateReadme)
	for _, x := range shownInReadme {
		p[guideFolder+"/"+x.name+".svg"] = []byte(plotted(t, append([]string{pcaps + x.capture}, x.args...)...))
	}
	names := map[string]bool{}
	total := 0
	for name, svg := range p {
		names[filepath.Base(name)], total = true, total+len(svg)
		recordtest.Golden(t, docsDir+name, string(svg), *updateReadme)
	}
	there, err := os.ReadDir(docsDir + guideFolder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range there {
		if !names[f.Name()] {
			t.Errorf("no page shows %s", f.Name())
		}
	}
	if total > pictureBytes {
		t.Errorf("%d bytes of pictures", total)
	}
	for name := range guideFindings {
		if !slices.ContainsFunc(diagnose.Detectors(), func(d diagnose.Detector) bool { return d.Name == name }) {
			t.Errorf("there is no detector %s", name)
		}
	}
}

// shownInReadme are the pictures that README.md and the tutorial show, beside ladders of the guide.
var shownInReadme = []struct {
	name, capture string
	args          []string
}{
	{"plot-sequence", "lossy.pcap", []string{"--plot", "sequence"}},
	{"plot-zero-window", "zero-window.pcap", []string{"--plot", "ladder"}},
	{"plot-states", "close-wait-minute.pcap", []string{"--plot", "states"}},
}

// Every picture that a page shows is there, and every picture is shown.
func TestDocsPictures(t *testing.T) {
	shown := map[string]bool{}
	for _, page := range []string{"../../README.md", docsDir + "guide.md", docsDir + "tutorial.md", docsDir + "recipes.md", docsDir + "decisions.md"} {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`!\[([^\]]*)\]\(([^)]*)\)`).FindAllStringSubmatch(string(b), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[2])); err != nil || m[1] == "" {
				t.Errorf("%s: %s is not there, or has no text", page, m[2])
			}
			shown[filepath.Base(m[2])] = true
		}
	}
	there, err := os.ReadDir(docsDir + guideFolder)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range there {
		if !shown[f.Name()] {
			t.Errorf("no page shows %s", f.Name())
		}
	}
}
