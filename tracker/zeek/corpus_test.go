package zeek

import (
	"encoding/csv"
	"errors"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tcpwatch/capture"
	"tcpwatch/capture/capturetest"
	"tcpwatch/tracker/record"
)

// zeekRow is a connection as a baseline of Zeek's own tests has it.
type zeekRow struct {
	orig, resp capture.Endpoint
	state      string
	history    string
	bytes      [2]string // "-" where Zeek said nothing
}

// TestZeekCorpus compares with Zeek's own answers about real captures: the
// rates must not fall below what they were. It needs TCPWATCH_CORPUS, a
// directory with index.tsv, zeek.tsv and captures/.
func TestZeekCorpus(t *testing.T) {
	corpus := capturetest.Corpus(t)
	var originator, state, history, bytes, open rate
	for name, rows := range zeekBaselines(t, corpus) {
		for _, group := range groupRows(rows) {
			if len(group) > 1 { // which segment belongs to which row is not ours to say
				open.add(false)
				continue
			}
			open.add(true)
			row := group[0]
			z, orig := replayZeek(t, filepath.Join(corpus, "captures", name), row)
			if z == nil {
				t.Logf("%s %v %v: no segment", name, row.orig, row.resp)
				continue
			}
			if !originator.add(orig == row.orig) {
				t.Logf("%s %v %v %s: originator", name, row.orig, row.resp, row.history)
				continue
			}
			at := name + " " + row.orig.String() + " " + row.resp.String()
			if got := z.ConnState(); !state.add(got == row.state) {
				t.Logf("%s: conn_state %s, Zeek %s (%s)", at, got, row.state, row.history)
			}
			if got := string(z.History()); !history.add(got == row.history) {
				t.Logf("%s: history %s, Zeek %s", at, got, row.history)
			}
			if row.bytes[0] == "-" || row.bytes[0] == "?" {
				continue
			}
			got := [2]string{strconv.FormatUint(z.bytes(record.Orig), 10), strconv.FormatUint(z.bytes(record.Resp), 10)}
			if !bytes.add(got == row.bytes) {
				t.Logf("%s: bytes %v, Zeek %v", at, got, row.bytes)
			}
		}
	}
	for _, r := range []struct {
		what  string
		rate  rate
		floor float64
	}{
		{"endpoints with one row", open, 0},
		{"originator", originator, 0.98},
		{"conn_state", state, 0.97},
		{"history", history, 0.95},
		{"bytes", bytes, 0.97},
	} {
		t.Logf("%-24s %d / %d  %.2f %%", r.what, r.rate.right, r.rate.of, 100*r.rate.share())
		if r.rate.share() < r.floor {
			t.Errorf("%s: %.4f, want at least %v", r.what, r.rate.share(), r.floor)
		}
	}
}

// rate counts how often something was right.
type rate struct{ right, of int }

func (r *rate) add(ok bool) bool {
	r.of++
	if ok {
		r.right++
	}
	return ok
}

func (r *rate) share() float64 { return float64(r.right) / float64(max(r.of, 1)) }

// readTSV returns the rows of a tab-separated file with a header, as maps.
func readTSV(t *testing.T, name string) []map[string]string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, -1
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, fields := range all[1:] {
		row := make(map[string]string, len(fields))
		for i, v := range fields {
			row[all[0][i]] = v
		}
		rows = append(rows, row)
	}
	return rows
}

// zeekBaselines picks one baseline a capture. Left out: rows that a script
// changed; captures with bad checksums where Zeek ignored those packets; and
// llc.pcap, 1,333 rows for one lone RST a minute, which are Zeek's timer.
func zeekBaselines(t *testing.T, corpus string) map[string][]zeekRow {
	badSums := make(map[string]bool)
	for _, r := range readTSV(t, filepath.Join(corpus, "index.tsv")) {
		badSums[r["capture"]] = strings.Contains(r["tags"], "bad-checksum")
	}
	chosen := make(map[string]string)
	rows := make(map[string][]zeekRow)
	left := make(map[string]bool)
	for _, r := range readTSV(t, filepath.Join(corpus, "zeek.tsv")) {
		name := r["capture"]
		if r["proto"] != "tcp" || r["grade"] != "plain" || strings.HasSuffix(name, "/llc.pcap") {
			continue
		}
		baseline := r["test"] + "\t" + r["baseline"]
		if first, ok := chosen[name]; ok && first != baseline {
			continue
		}
		chosen[name] = baseline
		left[name] = left[name] || badSums[name] && r["checksums"] == "verified"
		rows[name] = append(rows[name], zeekRow{
			orig:    zeekEndpoint(t, r["id.orig_h"], r["id.orig_p"]),
			resp:    zeekEndpoint(t, r["id.resp_h"], r["id.resp_p"]),
			state:   r["conn_state"],
			history: r["history"],
			bytes:   [2]string{r["orig_bytes"], r["resp_bytes"]},
		})
	}
	for name := range left {
		if left[name] {
			delete(rows, name)
		}
	}
	return rows
}

func zeekEndpoint(t *testing.T, addr, port string) capture.Endpoint {
	t.Helper()
	a, err := netip.ParseAddr(addr)
	if err != nil {
		t.Fatal(err)
	}
	p, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return capture.Endpoint{Addr: capture.AddrFrom(a), Port: uint16(p)}
}

// groupRows puts rows of the same two endpoints together, whoever is originator.
func groupRows(rows []zeekRow) map[[2]capture.Endpoint][]zeekRow {
	groups := make(map[[2]capture.Endpoint][]zeekRow)
	for _, r := range rows {
		k := [2]capture.Endpoint{r.orig, r.resp}
		if _, ok := groups[[2]capture.Endpoint{r.resp, r.orig}]; ok {
			k = [2]capture.Endpoint{r.resp, r.orig}
		}
		groups[k] = append(groups[k], r)
	}
	return groups
}

// replayZeek shows a zeek the capture's segments between the row's endpoints;
// nil when there are none.
func replayZeek(t *testing.T, name string, row zeekRow) (z *Conn, orig capture.Endpoint) {
	t.Helper()
	src, err := capture.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	d := capture.NewDecoder(capture.DecoderOptions{})
	var p capture.Packet
	for {
		err := src.Next(&p)
		var damage *capture.Damage
		if errors.As(err, &damage) {
			continue
		}
		if err == io.EOF {
			return z, orig
		}
		if err != nil {
			t.Fatal(err)
		}
		if d.Decode(&p) != capture.OutcomeSegment {
			continue
		}
		s := &d.Segment
		if (s.Src != row.orig || s.Dst != row.resp) && (s.Src != row.resp || s.Dst != row.orig) {
			continue
		}
		if z == nil {
			z, orig = new(Conn), s.Src
			if GuessOrig(s) {
				orig = s.Dst
				z.Flipped()
			}
		}
		from := record.Resp
		if s.Src == orig {
			from = record.Orig
		}
		z.Observe(from, s)
	}
}
