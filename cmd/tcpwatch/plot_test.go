package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// plotOf runs on bundled captures: the words before the first option are their names.
func plotOf(words string) (status int, stdout, stderr string) {
	args := strings.Fields(words)
	for i := range args {
		if strings.HasPrefix(args[i], "-") {
			break
		}
		args[i] = pcaps + args[i]
	}
	var out, errs bytes.Buffer
	status = run(args, &out, &errs)
	return status, out.String(), errs.String()
}

// Each plot is drawn on standard output where no file is named, and says what it shows.
func TestPlot(t *testing.T) {
	for words, want := range map[string]string{
		// The connection is named by its number or by its ends; then it is not the most troubled.
		"zero-window.pcap --plot sequence:3":                                    `^<svg [^>]*><title id="t">Sequence numbers over time: #3 10\.77\.53\.1:40000 -&gt; 10\.77\.53\.129:80</title><desc id="d">What the client`,
		"zero-window.pcap --plot rtt:10.77.53.129:80-10.77.53.1:40000 -o svg:-": `>round trip</text>(.|\n)*>time since the first packet</text>(.|\n)*<title>packet 6, acknowledged by packet 8 after 30`,
		// States are of one connection, or of each kind; other plots are of all.
		"close-by-client.pcap --plot states:3":                            `>States of both ends: #3 `,
		"close-by-client.pcap --plot states":                              `>States of both ends, a connection for each kind<`,
		"close-by-client.pcap syn-lost.pcap lossy.pcap --plot handshakes": `>handshakes</text>(.|\n)*>first SYN to final ACK</text>`,
		"time-wait-storm-by-client.pcap.gz --plot timewait":               `>10\.77\.54\.1 -&gt; 10\.77\.54\.129:80, at most 2,000</text>`,
		"lossy.pcap syn-lost.pcap --plot timeline --where open.felt_s>1":  `Retransmissions and round trips over time`,
		"keepalive-dead.pcap --plot keepalive":                            `probe 3 of 3 of the client, unanswered`,
		"zero-window.pcap --plot transfers":                               `receiver&#39;s window full`,
		"lossy.pcap --plot rtt -o xpl":                                    `(?m)^dot [0-9]+\.[0-9]{6} [0-9.]+$`,
		"close-by-client.pcap --plot ladder":                              `>No finding cites a connection: this is the first`,
	} {
		status, out, errs := plotOf(words)
		if status != exitDone || errs != "" || !regexp.MustCompile(want).MatchString(out) {
			t.Errorf("%s: status %d, %q, no %s in\n%s", words, status, errs, want, out)
		}
	}
}

// What cannot be drawn is said in a line, and nothing is on standard output.
func TestPlotErrors(t *testing.T) {
	for words, want := range map[string]string{
		"lossy.pcap --plot pie":               `--plot pie: unknown plot; known: ladder, sequence, rtt, states, handshakes, timewait, timeline, keepalive, transfers`,
		"lossy.pcap --plot timewait:3":        `--plot timewait:3: of all connections, not of one; --where chooses some`,
		"lossy.pcap --plot ladder:x":          `--plot ladder: "x": neither a connection's number nor ADDRESS:PORT-ADDRESS:PORT`,
		"lossy.pcap --plot ladder:matching":   `--plot ladder: one connection, not several`,
		"lossy.pcap --plot ladder:99":         `--plot ladder: no connection 99 in 339 packets: a connection's number is that of its first packet; --report connections lists them`,
		"syn-lost.pcap --plot keepalive":      `--plot keepalive: nothing to draw: no connection was idle or probed`,
		"refused.pcap --plot sequence":        `--plot sequence: nothing to draw: neither end sent data`,
		"refused.pcap --plot sequence -o xpl": `--plot sequence: nothing to draw: neither end sent data`,
		"lossy.pcap --plot ladder -o xpl":     `--plot ladder: xplot has no form for it; write -o svg:FILE`,
		"lossy.pcap --plot ladder -o jsonl":   `--plot ladder: -o svg:FILE or -o xpl:FILE says where to`,
		"lossy.pcap -o svg":                   `-o svg and -o xpl are for --plot: ladder, sequence, rtt, states, handshakes, timewait, timeline, keepalive, transfers`,
		"-i lo --plot ladder":                 `--plot ladder without a connection reads packets twice, which a live capture cannot: write them with -w, then read that file`,
		"-i lo --plot ladder:3":               `--plot ladder:3: live, give the two ends (ADDRESS:PORT-ADDRESS:PORT)`,
	} {
		status, out, errs := plotOf(words)
		if status != exitUsage || out != "" || errs != "tcpwatch: "+want+"\n" {
			t.Errorf("%s: status %d, %d bytes, %q, want %q", words, status, len(out), errs, want)
		}
	}
	file := filepath.Join(t.TempDir(), "x.svg")
	status, _, _ := plotOf("syn-lost.pcap --plot keepalive -o svg:" + file)
	if _, err := os.Stat(file); status != exitUsage || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("status %d, and what was not drawn leaves a file: %v", status, err)
	}
}
