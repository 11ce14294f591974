package pcaptest

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// A short connection is what its text says, whatever client it is of.
func TestShortConnections(t *testing.T) {
	const n, header = 20001, 24
	all := ShortConnections(t, n)
	each := (len(all) - header) / n
	for _, i := range []int{0, 1, 63, 64, 1<<14 - 1, 1 << 14, n - 1} {
		var text strings.Builder
		client := fmt.Sprintf("192.0.%d.%d:%d", i>>14, i>>6&255, 32768+i%64)
		for k, words := range []string{
			"A > Z S seq 1000", "Z > A S. seq 5000 ack 1001", "A > Z . seq 1001 ack 5001",
			"A > Z P. seq 1001 ack 5001 len 200", "Z > A P. seq 5001 ack 1201 len 1000",
			"A > Z F. seq 1201 ack 6001", "Z > A . seq 6001 ack 1202", "Z > A F. seq 6001 ack 1202", "A > Z . seq 1202 ack 6002",
		} {
			fmt.Fprintf(&text, "%f %s\n", float64(i)/1000+float64(k)/10000, strings.NewReplacer("A", client, "Z", "192.0.2.2:80").Replace(words))
		}
		var want bytes.Buffer
		if err := WriteText(&want, text.String()); err != nil {
			t.Fatal(err)
		}
		if got := all[header+i*each : header+(i+1)*each]; !bytes.Equal(got, want.Bytes()[header:]) {
			t.Errorf("connection %d is another:\n%x, want\n%x", i, got, want.Bytes()[header:])
		}
	}
}
