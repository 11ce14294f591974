package host

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// A TIME-WAIT socket 10.77.0.1:40000 -> 10.77.0.2:80 as the kernel sends it
// (little-endian host), with 59,500 ms to go.
const timeWaitMessage = "02060300" + "9c400050" +
	"0a4d0001000000000000000000000000" + "0a4d0002000000000000000000000000" +
	"03000000" + "0700000000000000" + "6ce80000" + "00000000" + "00000000" + "00000000" + "00000000"

func TestParseSocket(t *testing.T) {
	b, err := hex.DecodeString(timeWaitMessage)
	if err != nil {
		t.Fatal(err)
	}
	var s Socket
	if !parseSocket(b, &s) {
		t.Fatal("not parsed")
	}
	want := Socket{
		Local:     netip.MustParseAddrPort("10.77.0.1:40000"),
		Remote:    netip.MustParseAddrPort("10.77.0.2:80"),
		State:     TimeWait,
		Timer:     TimerTimeWait,
		Expires:   59500 * time.Millisecond,
		Interface: 3,
		Cookie:    7,
	}
	if s != want {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
	if s.Orphan() {
		t.Error("a TIME-WAIT socket is no orphan")
	}
	for n := range b {
		if parseSocket(b[:n], &s) {
			t.Fatalf("parsed from %d bytes of %d", n, len(b))
		}
	}
}

func TestParseCounts(t *testing.T) {
	var c Counts
	parseCounts("sockets: used 144\nTCP: inuse 4 orphan 1 tw 2000 alloc 8 mem 2\nUDP: inuse 3 mem 0\n", &c)
	parseCounts("TCP6: inuse 7\nUDP6: inuse\n", &c)
	if want := (Counts{InUse: 4, InUse6: 7, Orphans: 1, TimeWait: 2000}); c != want {
		t.Errorf("got %+v, want %+v", c, want)
	}
}

func TestParseLimits(t *testing.T) {
	l := parseLimits(func(name string) string {
		return map[string]string{
			"ipv4/ip_local_port_range": "32768\t60999\n",
			"ipv4/tcp_fin_timeout":     "60\n",
			"ipv4/tcp_max_tw_buckets":  "rubbish",
			"core/somaxconn":           "4096\n",
		}[name]
	})
	if l.Ports() != 28232 || l.FinTimeout != time.Minute || l.AcceptBacklog != 4096 || l.MaxTimeWait != 0 {
		t.Errorf("got %+v", l)
	}
	if (Limits{}).Ports() != 0 {
		t.Error("an unread range has no ports")
	}
}

func TestStateNames(t *testing.T) {
	for s := Established; s <= NewSynReceived; s++ {
		if s.String() == "" || s.String() != strings.ToUpper(s.String()) {
			t.Errorf("state %d is called %q", s, s)
		}
	}
	if State(0).String() != "" || State(200).String() != "" {
		t.Error("no state has a name")
	}
	if set := States(SynReceived, TimeWait); set != 1<<3|1<<6 || set&^AllStates != 0 {
		t.Errorf("set is %b", set)
	}
}
