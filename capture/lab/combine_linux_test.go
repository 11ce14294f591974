package lab

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"tcpwatch/capture/host"
	"tcpwatch/capture/lab/wire"
)

const ms = int64(time.Millisecond)

var (
	clientAddr = netip.MustParseAddrPort("10.77.0.1:40000")
	serverAddr = netip.MustParseAddrPort("10.77.0.129:80")
)

// edges builds the edges of one end: a time in milliseconds and a state in turn.
func edges(local, remote netip.AddrPort, first host.State, rest ...any) (all []edge) {
	from := first
	for i := 0; i < len(rest); i += 2 {
		to := rest[i+1].(host.State)
		all = append(all, edge{int64(rest[i].(int)) * ms, local, remote, from, to})
		from = to
	}
	return all
}

func sight(local, remote netip.AddrPort, state host.State, first, gone int) *sighting {
	s := &sighting{local: local, remote: remote, state: state, first: int64(first) * ms, firstDone: int64(first)*ms + ms}
	s.gone = int64(gone) * ms
	s.last = max(s.first, s.gone-4*ms)
	return s
}

// words are the states of a path; silent ones in brackets.
func words(path []StateAt) string {
	var w []string
	for _, s := range path {
		if s.Silent {
			w = append(w, "["+s.State+"]")
		} else {
			w = append(w, s.State)
		}
	}
	return strings.Join(w, " ")
}

func TestCombine(t *testing.T) {
	opened := edges(clientAddr, serverAddr, host.Closed, 1, host.SynSent, 2, host.Established)
	accepted := edges(serverAddr, clientAddr, host.Listen, 3, host.SynReceived, 3, host.Established)
	passed := func(at int, flags uint8) wire.Segment {
		return wire.Segment{Time: int64(at) * ms, Src: serverAddr, Dst: clientAddr, Flags: flags}
	}
	type conn struct{ orig, resp string }
	for _, c := range []struct {
		name   string
		edges  [][]edge
		seen   []*sighting
		onWire []wire.Segment
		want   []conn
	}{
		{
			name: "TIME-WAIT polled and still there",
			edges: [][]edge{opened, accepted,
				edges(clientAddr, serverAddr, host.Established, 100, host.FinWait1, 101, host.FinWait2, 101, host.Closed)},
			seen: []*sighting{sight(clientAddr, serverAddr, host.TimeWait, 104, 0)},
			want: []conn{{"SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT", "SYN-RECEIVED ESTABLISHED"}},
		},
		{
			name: "a poll that began before the edge but was done after it",
			edges: [][]edge{opened,
				edges(clientAddr, serverAddr, host.Established, 100, host.FinWait1, 101, host.FinWait2, 101, host.Closed)},
			seen: []*sighting{{local: clientAddr, remote: serverAddr, state: host.TimeWait, first: 60 * ms, firstDone: 102 * ms, last: 60 * ms}},
			want: []conn{{"SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT", ""}},
		},
		{
			name: "an orphan's FIN-WAIT-2 that ends in silence",
			edges: [][]edge{opened,
				edges(clientAddr, serverAddr, host.Established, 100, host.FinWait1, 101, host.FinWait2, 101, host.Closed)},
			seen:   []*sighting{sight(clientAddr, serverAddr, host.FinWait2, 104, 2000)},
			onWire: []wire.Segment{passed(100, wire.ACK)},
			want:   []conn{{"SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 [CLOSED]", ""}},
		},
		{
			name: "TIME-WAIT too short for polling, the FIN on the wire",
			edges: [][]edge{opened,
				edges(clientAddr, serverAddr, host.Established, 100, host.FinWait1, 101, host.FinWait2, 101, host.Closed)},
			onWire: []wire.Segment{passed(101, wire.FIN|wire.ACK)},
			want:   []conn{{"SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED", ""}},
		},
		{
			name: "an orphan's FIN-WAIT-2 polled, its TIME-WAIT not",
			edges: [][]edge{opened,
				edges(clientAddr, serverAddr, host.Established, 100, host.FinWait1, 101, host.FinWait2, 101, host.Closed)},
			seen:   []*sighting{sight(clientAddr, serverAddr, host.FinWait2, 102, 107)},
			onWire: []wire.Segment{passed(103, wire.FIN|wire.ACK)},
			want:   []conn{{"SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED", ""}},
		},
		{
			name: "reset out of FIN-WAIT-2",
			edges: [][]edge{opened,
				edges(clientAddr, serverAddr, host.Established, 100, host.FinWait1, 101, host.FinWait2, 150, host.Closed)},
			onWire: []wire.Segment{passed(150, wire.RST)},
			want:   []conn{{"SYN-SENT ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 CLOSED", ""}},
		},
		{
			name:  "a request socket that never got further",
			edges: [][]edge{opened},
			seen:  []*sighting{sight(serverAddr, clientAddr, host.SynReceived, 3, 3000)},
			want:  []conn{{"SYN-SENT ESTABLISHED", "SYN-RECEIVED [CLOSED]"}},
		},
		{
			name:  "a request socket that became a connection",
			edges: [][]edge{opened, edges(serverAddr, clientAddr, host.Listen, 1000, host.SynReceived, 1000, host.Established)},
			seen:  []*sighting{sight(serverAddr, clientAddr, host.SynReceived, 3, 1003)},
			want:  []conn{{"SYN-SENT ESTABLISHED", "SYN-RECEIVED ESTABLISHED"}},
		},
		{
			name:  "a request socket seen by a poll that began before the SYN left",
			edges: [][]edge{edges(clientAddr, serverAddr, host.Closed, 101, host.SynSent, 103, host.Established), edges(serverAddr, clientAddr, host.Listen, 104, host.SynReceived, 104, host.Established)},
			seen:  []*sighting{{local: serverAddr, remote: clientAddr, state: host.SynReceived, first: 96 * ms, firstDone: 102 * ms, last: 96 * ms, gone: 110 * ms}},
			want:  []conn{{"SYN-SENT ESTABLISHED", "SYN-RECEIVED ESTABLISHED"}},
		},
		{
			name: "one connection after another on the same ports",
			edges: [][]edge{opened, accepted,
				edges(clientAddr, serverAddr, host.Established, 50, host.CloseWait, 51, host.LastAck, 52, host.Closed),
				edges(serverAddr, clientAddr, host.Established, 50, host.FinWait1, 51, host.FinWait2, 51, host.Closed),
				edges(clientAddr, serverAddr, host.Closed, 300, host.SynSent, 301, host.Established),
				edges(serverAddr, clientAddr, host.Listen, 302, host.SynReceived, 302, host.Established)},
			seen:   []*sighting{sight(serverAddr, clientAddr, host.TimeWait, 54, 304)},
			onWire: []wire.Segment{passed(300, wire.SYN)},
			want: []conn{
				{"SYN-SENT ESTABLISHED CLOSE-WAIT LAST-ACK [CLOSED]", "SYN-RECEIVED ESTABLISHED FIN-WAIT-1 FIN-WAIT-2 TIME-WAIT CLOSED"},
				{"SYN-SENT ESTABLISHED", "SYN-RECEIVED ESTABLISHED"},
			},
		},
		{
			name: "simultaneous open",
			edges: [][]edge{edges(clientAddr, serverAddr, host.Closed, 1, host.SynSent, 21, host.SynReceived, 41, host.Established),
				edges(serverAddr, clientAddr, host.Closed, 2, host.SynSent, 22, host.SynReceived, 42, host.Established)},
			seen: []*sighting{sight(clientAddr, serverAddr, host.SynReceived, 24, 44), sight(serverAddr, clientAddr, host.SynReceived, 24, 44)},
			want: []conn{{"SYN-SENT SYN-RECEIVED ESTABLISHED", "SYN-SENT SYN-RECEIVED ESTABLISHED"}},
		},
		{
			name:  "what came after the end",
			edges: [][]edge{opened, edges(clientAddr, serverAddr, host.Established, 6000, host.Closed)},
			want:  []conn{{"SYN-SENT ESTABLISHED", ""}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var all []edge
			for _, e := range c.edges {
				all = append(all, e...)
			}
			var got []conn
			for _, x := range combine(all, c.seen, c.onWire, 0, 5000*ms) {
				got = append(got, conn{words(x.Orig), words(x.Resp)})
			}
			if len(got) != len(c.want) {
				t.Fatalf("got %q, want %q", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Errorf("connection %d:\ngot  %q\nwant %q", i, got[i], c.want[i])
				}
			}
		})
	}
}

func TestParseEdge(t *testing.T) {
	const line = `          <idle>-0       [001] ..s2.  1230.665131: inet_sock_set_state: family=AF_INET protocol=IPPROTO_TCP sport=9998 dport=80 ` +
		`saddr=10.77.0.1 daddr=10.77.0.129 saddrv6=::ffff:10.77.0.1 daddrv6=::ffff:10.77.0.129 oldstate=TCP_FIN_WAIT2 newstate=TCP_CLOSE` + "\n"
	want := edge{1230_665131_000, netip.MustParseAddrPort("10.77.0.1:9998"), netip.MustParseAddrPort("10.77.0.129:80"), host.FinWait2, host.Closed}
	if got, ok := parseEdge(line); !ok || got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	for _, change := range [][2]string{
		{"IPPROTO_TCP", "IPPROTO_MPTCP"}, {"sport=9998", "sport=x"}, {"TCP_CLOSE\n", "TCP_OTHER\n"}, {"1230.665131", "1230"},
		{"inet_sock_set_state", "sched_switch"}, {"daddrv6=::ffff:10.77.0.129", ""},
	} {
		if e, ok := parseEdge(strings.Replace(line, change[0], change[1], 1)); ok {
			t.Errorf("with %q for %q: parsed %+v", change[1], change[0], e)
		}
	}
}

func TestScenarios(t *testing.T) {
	names := map[string]bool{}
	all := Scenarios()
	if len(all) > 256 {
		t.Error("more scenarios than networks")
	}
	for _, s := range all {
		if names[s.Name] || s.Name == "" || s.Doc == "" || s.Play == nil {
			t.Errorf("%q is named twice, or lacks something", s.Name)
		}
		names[s.Name] = true
		suffixes := map[string]bool{}
		for _, tap := range s.taps() {
			if suffixes[tap.Suffix] {
				t.Errorf("%s: two taps write one file", s.Name)
			}
			suffixes[tap.Suffix] = true
		}
	}
}
