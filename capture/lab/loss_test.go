package lab_test

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"

	"tcpwatch/capture"
	"tcpwatch/capture/lab"
	"tcpwatch/tracker"
)

// packet is a segment with data that a tap saw.
type packet struct {
	number   uint64
	time     int64
	ipid     uint16
	segments int  // of the MSS: more than one with offload
	repeat   bool // all of it lies before the highest number sent until then
	bytes    int
}

// sentBy lists the segments with data that one end sent, by a tap that lies
// right at it: there, and only there, what was sent before is sent again.
func sentBy(file string, port uint16, mss int) (all []packet, err error) {
	f, err := capture.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	d := capture.NewDecoder(capture.DecoderOptions{})
	var p capture.Packet
	var next uint32
	started := false
	for n := uint64(1); ; n++ {
		if err := f.Next(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		s := &d.Segment
		if d.Decode(&p) != capture.OutcomeSegment || s.Src.Port != port {
			continue
		}
		if s.Flags.Has(capture.SYN) {
			next, started = s.Seq+1, true
		}
		if s.Len == 0 || !started {
			continue
		}
		end := s.Seq + s.Len
		all = append(all, packet{number: n, time: p.Time, ipid: s.IPID, segments: (int(s.Len) + mss - 1) / mss,
			repeat: int32(end-next) <= 0, bytes: int(s.Len)})
		if int32(end-next) > 0 {
			next = end
		}
	}
}

// end is one end of a transfer, by the kernel and by tcpwatch.
type end struct {
	name         string
	kernel, peer *lab.Counts
	near, far    tracker.EndRecord // tcpwatch, by the tap at this end and at the other
	peerNear     tracker.EndRecord
	sent         []packet // by the tap at this end
	differ       []string // repeats whose cause differs
	arrived      int      // repeats that the tap at the other end has, too
}

// ends reads a transfer.
func ends(truth *lab.Truth, dir string) ([]*end, error) {
	if len(truth.Counts) != 2 || len(truth.Taps) != 2 {
		return nil, fmt.Errorf("%d counts and %d taps", len(truth.Counts), len(truth.Taps))
	}
	var told [2]story
	var files [2]string
	for i, tap := range truth.Taps {
		files[i] = filepath.Join(dir, tap.File)
		stories, err := watch(files[i])
		if err != nil {
			return nil, err
		}
		if len(stories) != 1 {
			return nil, fmt.Errorf("%s: %d connections", tap.File, len(stories))
		}
		told[i] = stories[0]
	}
	var both []*end
	for i := range truth.Counts {
		port := told[0].addr[i].Port()
		e := &end{name: truth.Counts[i].End, kernel: &truth.Counts[i], peer: &truth.Counts[1-i],
			near: told[i].ends[i], far: told[1-i].ends[i], peerNear: told[1-i].ends[1-i]}
		var err error
		if e.sent, err = sentBy(files[i], port, int(e.kernel.TCP.MSS)); err != nil {
			return nil, err
		}
		there, err := sentBy(files[1-i], port, int(e.kernel.TCP.MSS))
		if err != nil {
			return nil, err
		}
		seen := map[uint16]bool{}
		for _, p := range there {
			seen[p.ipid] = true
		}
		for _, p := range e.sent {
			if p.repeat && seen[p.ipid] {
				e.arrived += p.segments
			}
		}
		causes, err := causesTold(files[i])
		if err != nil {
			return nil, err
		}
		e.differ = differingCauses(kernelCauses(e.kernel, e.sent, truth.Start), causes[i])
		both = append(both, e)
	}
	return both, nil
}

// row is one line of the comparison.
type row struct {
	name          string
	kernel, told  int64
	far           int64 // by the tap at the other end
	slack         int64 // how much they may differ by
	why           string
	informational bool
}

func rows(e *end) []row {
	k, n, w := e.kernel.TCP, e.kernel.Namespace, e.near
	repeats, bytes := int64(0), int64(0)
	for _, p := range e.sent {
		if p.repeat {
			repeats += int64(p.segments)
			bytes += int64(p.bytes)
		}
	}
	tlp := n["RetransSegs"] - n["TCPTimeouts"] - n["TCPFastRetrans"] - n["TCPSlowStartRetrans"]
	return []row{
		{name: "wire repeats", kernel: int64(k.TotalRetrans), told: repeats, far: int64(e.arrived)},
		{name: "retx", kernel: int64(k.TotalRetrans), told: int64(w.Retx), far: int64(e.far.Retx)},
		{name: "retx bytes", kernel: int64(k.BytesRetrans), told: int64(w.RetxBytes), far: int64(e.far.RetxBytes)},
		{name: "rto", kernel: n["TCPTimeouts"], told: int64(w.RetxRTO), far: int64(e.far.RetxRTO)},
		{name: "fast", kernel: n["TCPFastRetrans"], told: int64(w.RetxFast), far: int64(e.far.RetxFast)},
		{name: "tlp", kernel: tlp, told: int64(w.RetxTLP), far: int64(e.far.RetxTLP)},
		{name: "after rto", kernel: n["TCPSlowStartRetrans"], told: int64(w.RetxOther), far: int64(e.far.RetxOther)},
		{name: "dsack", kernel: n["TCPDSACKRecv"], told: int64(w.DSACKs), far: int64(e.far.DSACKs)},
		{name: "dsack dups", kernel: int64(k.DSACKDups), told: int64(w.RetxSpurious), far: int64(e.far.RetxSpurious)},
		{name: "out of order", kernel: e.peer.Namespace["TCPOFOQueue"], told: int64(w.OutOfOrder), far: int64(e.far.OutOfOrder)},
		{name: "zero windows", kernel: n["TCPToZeroWindowAdv"], told: int64(w.ZeroWindows), far: int64(e.far.ZeroWindows)},
		{name: "window probes", kernel: n["TCPWinProbe"], told: int64(w.WindowProbes), far: int64(e.far.WindowProbes)},
		{name: "rwnd limited us", kernel: int64(k.RwndLimited), told: w.WindowLimited / 1e3, far: e.peerNear.ZeroWindow / 1e3},
		{name: "busy us", kernel: int64(k.BusyTime), told: (w.NetworkLimited + w.WindowLimited) / 1e3, far: 0},
		{name: "min rtt us", kernel: int64(k.MinRTT), told: w.RTT.Min / 1e3, far: e.far.RTT.Min / 1e3},
		{name: "rtt us", kernel: int64(k.RTT), told: w.RTT.P50 / 1e3, far: e.far.RTT.P50 / 1e3},
	}
}

// checkTransfer compares both ends of a transfer.
func checkTransfer(t *testing.T, truth *lab.Truth, dir string) {
	t.Helper()
	both, err := ends(truth, dir)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, e := range both {
		fmt.Fprintf(w, "%s\tkernel\ttcpwatch\tat the other end\n", e.name)
		for _, r := range rows(e) {
			mark := ""
			if r.kernel != r.told {
				mark = "*"
			}
			fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\n", r.name, r.kernel, r.told, r.far, mark)
		}
		fmt.Fprintf(w, "causes\t%v\n", causes(e.kernel.Repeats))
		for _, d := range e.differ {
			fmt.Fprintln(w, d)
		}
		fmt.Fprintf(w, "nstat\t%v\n", e.kernel.Namespace)
	}
	w.Flush()
	t.Log(truth.Notes, "\n"+b.String())
}

func causes(repeats []lab.Repeat) map[string]int {
	n := map[string]int{}
	for _, r := range repeats {
		n[r.Cause]++
	}
	return n
}
