package host

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
)

// A TIME-WAIT socket 10.77.0.1:40000 -> 10.77.0.2:80 as the kernel sends it
// (little-endian host).
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
		Local:  netip.MustParseAddrPort("10.77.0.1:40000"),
		Remote: netip.MustParseAddrPort("10.77.0.2:80"),
		State:  TimeWait,
		Timer:  TimerTimeWait,
		Cookie: 7,
	}
	if s != want {
		t.Errorf("got  %+v\nwant %+v", s, want)
	}
	for n := range b {
		if parseSocket(b[:n], &s) {
			t.Fatalf("parsed from %d bytes of %d", n, len(b))
		}
	}
}

func TestParseLimits(t *testing.T) {
	for text, want := range map[string]int{"32768\t60999\n": 28232, "": 0, "rubbish": 0, "32768": 0, "60999 32768": 0} {
		if got := parseLimits(text).Ports(); got != want {
			t.Errorf("%q: %d ports, want %d", text, got, want)
		}
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
