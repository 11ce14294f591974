package record

import (
	"encoding/hex"
	"testing"
)

// A UID is made of the place, the time of the input's first packet and the connection's number, as
// docs/record.md says: sha256sum gives the same. One that was read back stays.
func TestUnique(t *testing.T) {
	r := Record{ID: 7, Input: &Input{Place: "a.pcap", Start: 1700000000e9}}
	for _, x := range []struct {
		change func()
		want   string
	}{
		{func() {}, "93a85b3c2e9f02a5133d7f4dafaf1b5e"},
		{func() { r.Input = &Input{Place: "b.pcap", Start: 1700000000e9} }, ""},
		{func() { r.Input = &Input{Place: "a.pcap", Start: 1700000000e9 + 1} }, ""},
		{func() { r.Input, r.ID = &Input{Place: "a.pcap", Start: 1700000000e9}, 8 }, ""},
		{func() { r.UID = UID{15: 1} }, "00000000000000000000000000000001"},
	} {
		before := r.Unique()
		x.change()
		id := r.Unique()
		if got := hex.EncodeToString(id[:]); x.want != "" && got != x.want || x.want == "" && id == before {
			t.Errorf("%+v: %s, want %s", r.Input, got, x.want)
		}
	}
	r.UID = UID{}
	if n := testing.AllocsPerRun(100, func() { r.Unique() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
