package main

import (
	"bytes"
	"fmt"
	"math"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sharkPacket is what tshark tells of a packet of a connection.
type sharkPacket struct {
	number        string
	at            float64 // s since the connection's first
	seq, len, ack float64 // relative
	flags         uint64
	orig          bool // it is the client's
}

func (p *sharkPacket) has(flags uint64) bool { return p.flags&flags != 0 }

const (
	sharkFIN, sharkSYN, sharkRST, sharkACK = 1, 2, 4, 0x10
)

// sharkStream is what tshark tells of the connection that has a packet.
func sharkStream(t *testing.T, file, number string) (all []sharkPacket) {
	t.Helper()
	var errs bytes.Buffer
	command := exec.Command("tshark", "-n", "-r", file, "-T", "fields", "-Y", "tcp && !icmp", "-e", "tcp.stream", "-e", "frame.number", "-e", "tcp.time_relative",
		"-e", "tcp.seq", "-e", "tcp.len", "-e", "tcp.ack", "-e", "tcp.flags", "-e", "ip.src", "-e", "tcp.srcport")
	command.Stderr = &errs
	out, err := command.Output()
	if err != nil {
		t.Fatalf("tshark: %v: %s", err, &errs)
	}
	var lines [][]string
	stream := ""
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		lines = append(lines, f)
		if f[1] == number {
			stream = f[0]
		}
	}
	client := ""
	for _, f := range lines {
		if f[0] != stream {
			continue
		}
		flags, err := strconv.ParseUint(f[6], 0, 32)
		if err != nil {
			t.Fatal(err)
		}
		if client == "" {
			client = f[7] + f[8]
		}
		all = append(all, sharkPacket{f[1], float(t, f[2]), float(t, f[3]), float(t, f[4]), float(t, f[5]), flags, f[7]+f[8] == client})
	}
	return all
}

func float(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// plotted is what a plot writes to standard output.
func plotted(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := run(append(args, "-o", "svg"), &stdout, &stderr); status != exitDone || stderr.Len() > 0 {
		t.Fatalf("%v: status %d: %s", args, status, &stderr)
	}
	return stdout.String()
}

// besideTshark are captures with a connection of each of ten kinds.
var besideTshark = []string{"syn-lost", "zero-window", "data-lost", "fin-lost", "half-close", "keepalive-dead", "simultaneous-close", "abort-linger-0",
	"close-with-unread-data", "data-after-close"}

// Every packet is on the ladder and on the time-sequence graphs, at the time and with the
// numbers that tshark tells.
func TestPlotsBesideTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("plots beside tshark's numbers: tshark is not installed")
	}
	for _, name := range besideTshark {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := pcaps + name + ".pcap"
			ladder := plotted(t, file, "--plot", "ladder")
			id := regexp.MustCompile(`<title id="t">[^#]*#(\d+) `).FindStringSubmatch(ladder)[1]
			all := sharkStream(t, file, id)
			if len(all) < 4 {
				t.Fatalf("tshark knows %d packets", len(all))
			}
			checkLadder(t, ladder, all)
			checkSequences(t, plotted(t, file, "--plot", "sequence:"+id), all)
		})
	}
}

var (
	rungNumber = regexp.MustCompile(`<text class="end tick" x="58" y="([\d.]+)">(\d+)</text>`)
	rungTime   = regexp.MustCompile(`<text class="end tick" x="140" y="([\d.]+)">([\d.]+)</text>`)
	rungLabel  = regexp.MustCompile(`<text class="middle label" x="[\d.]+" y="([\d.]+)">(.*?)</text>`)
	rungArrow  = regexp.MustCompile(`<path class="arrow(?: reset)?" d="M(\d+) ([\d.]+)H`)
	labelSeq   = regexp.MustCompile(`\bseq=(\d+)`)
	labelLen   = regexp.MustCompile(`\blen=(\d+)`)
)

// checkLadder holds the rungs of a ladder to the packets: number, time, direction, numbers.
func checkLadder(t *testing.T, svg string, all []sharkPacket) {
	t.Helper()
	at := func(re *regexp.Regexp, up float64) map[float64]string {
		found := map[float64]string{}
		for _, m := range re.FindAllStringSubmatch(svg, -1) {
			found[float(t, m[1])+up] = m[2]
		}
		return found
	}
	times, labels := at(rungTime, 0), at(rungLabel, 3)
	from := map[float64]string{}
	for _, m := range rungArrow.FindAllStringSubmatch(svg, -1) {
		from[float(t, m[2])-3] = m[1]
	}
	rungs := rungNumber.FindAllStringSubmatch(svg, -1)
	if len(rungs) != len(all) {
		t.Fatalf("%d rungs, tshark has %d packets", len(rungs), len(all))
	}
	for i, m := range rungs {
		p, y := &all[i], float(t, m[1])
		seq := labelSeq.FindStringSubmatch(labels[y])
		length := labelLen.FindStringSubmatch(labels[y])
		switch {
		case m[2] != p.number:
			t.Errorf("packet %s at the place of packet %s", m[2], p.number)
		case math.Abs(float(t, times[y])-p.at) > 1e-6:
			t.Errorf("packet %s at %s s, tshark says %f", m[2], times[y], p.at)
		case (from[y] == "263") != p.orig:
			t.Errorf("packet %s goes the wrong way", m[2])
		case seq == nil || float(t, seq[1]) != p.seq:
			t.Errorf("packet %s: %q, tshark says seq=%v", m[2], labels[y], p.seq)
		case (length == nil) != (p.len == 0) || length != nil && float(t, length[1]) != p.len:
			t.Errorf("packet %s: %q, tshark says len=%v", m[2], labels[y], p.len)
		}
	}
}

var (
	aGraph    = regexp.MustCompile(`(?s)>What the (client|server) sent over time<.*?(<g .*?</g>)`)
	aSheet    = regexp.MustCompile(`<title id="t">`)
	graphMark = regexp.MustCompile(`<rect class="[a-z]+" x="([\d.]+)" y="([\d.]+)" width="2" height="([\d.]+)"><title>packet (\d+): (\d+):(\d+)\b`)
	graphTick = regexp.MustCompile(`<text class="end tick" x="62" y="([\d.]+)">([\d,]+)</text>`)
	graphACKs = regexp.MustCompile(`<path class="curve ack" d="M([\d.]+) ([\d.]+)([^"]*)"`)
	aStep     = regexp.MustCompile(`H([\d.]+)(?:V([\d.]+))?`)
)

// checkSequences holds the marks of time-sequence graphs to the packets: x to the time, y to the
// numbers, and the line of ACKs to the acknowledgment numbers.
func checkSequences(t *testing.T, svg string, all []sharkPacket) {
	t.Helper()
	graphs := aGraph.FindAllStringSubmatch(svg, -1)
	if len(graphs) == 0 || len(aSheet.FindAllString(svg, -1)) != 1 {
		t.Fatalf("no graph in\n%s", svg)
	}
	last := all[len(all)-1].at
	for _, g := range graphs {
		ticks := graphTick.FindAllStringSubmatch(g[2], -1)
		y1, v1 := float(t, ticks[0][1])-4, float(t, ticks[0][2])
		y2, v2 := float(t, ticks[len(ticks)-1][1])-4, float(t, ticks[len(ticks)-1][2])
		x := func(at float64) float64 { return 70 + 870*at/last }
		near := 0.11 + 870*0.6e-6/last // tshark's times are rounded to a microsecond
		y := func(v float64) float64 { return y1 + (v-v1)/(v2-v1)*(y2-y1) }
		marks := map[string][]string{}
		for _, m := range graphMark.FindAllStringSubmatch(g[2], -1) {
			marks[m[4]] = m
		}
		steps := ackSteps(t, g[2])
		for i := range all {
			p := &all[i]
			if p.orig == (g[1] == "client") {
				checkMark(t, g[1], p, marks[p.number], x, y, near)
				continue
			}
			if p.has(sharkACK) && !p.has(sharkRST) && !slices.ContainsFunc(steps, func(s step) bool {
				return s.from-near <= x(p.at) && x(p.at) <= s.to+near && math.Abs(s.y-y(p.ack)) < 0.16
			}) {
				t.Errorf("%s: ACK %v of packet %s is not on the line", g[1], p.ack, p.number)
			}
		}
	}
}

// checkMark holds the mark of a segment to what tshark says of it.
func checkMark(t *testing.T, who string, p *sharkPacket, m []string, x, y func(v float64) float64, near float64) {
	t.Helper()
	if m == nil {
		if p.len > 0 || p.has(sharkSYN|sharkFIN|sharkRST) {
			t.Errorf("%s: packet %s is not on the graph", who, p.number)
		}
		return
	}
	foot := float(t, m[2]) + float(t, m[3])
	switch {
	case float(t, m[5]) != p.seq || float(t, m[6]) != p.seq+p.len:
		t.Errorf("%s: packet %s has %s:%s, tshark says %v and %v bytes", who, p.number, m[5], m[6], p.seq, p.len)
	case math.Abs(float(t, m[1])+1-x(p.at)) > near:
		t.Errorf("%s: packet %s stands at %s, its time at %.1f", who, p.number, m[1], x(p.at))
	case math.Abs(foot-y(p.seq)) > 0.21 || p.len > 0 && float(t, m[3]) > 2 && math.Abs(float(t, m[2])-y(p.seq+p.len)) > 0.16:
		t.Errorf("%s: packet %s goes from %.1f up to %s, its numbers from %.1f to %.1f", who, p.number, foot, m[2], y(p.seq), y(p.seq+p.len))
	}
}

// step is a level part of a line, and the end of the rise after it.
type step struct{ from, to, y float64 }

// ackSteps are those of the line of ACKs.
func ackSteps(t *testing.T, graph string) (all []step) {
	t.Helper()
	m := graphACKs.FindStringSubmatch(graph)
	if m == nil {
		return nil
	}
	x, y := float(t, m[1]), float(t, m[2])
	for _, s := range aStep.FindAllStringSubmatch(m[3], -1) {
		to := float(t, s[1])
		all = append(all, step{x, to, y})
		if x = to; s[2] != "" {
			y = float(t, s[2])
		}
	}
	return append(all, step{x, x, y})
}

// A line is read as its steps.
func TestStepsOfALine(t *testing.T) {
	if got := fmt.Sprint(ackSteps(t, `<path class="curve ack" d="M70 300H90V250H940"/>`)); got != "[{70 90 300} {90 940 250} {940 940 250}]" {
		t.Error(got)
	}
}
