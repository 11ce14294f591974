package tcpwatch

import (
	"bytes"
	"os"
	"regexp"
	"testing"
	"time"

	"tcpwatch/capture"
	"tcpwatch/report"
	"tcpwatch/report/schema"
)

// moved is a source whose packets are stamped later by a span.
type moved struct {
	capture.Source
	by int64
}

func (m moved) Next(p *capture.Packet) error {
	err := m.Source.Next(p)
	p.Time += m.by
	return err
}

var moments = regexp.MustCompile(`"[-\d]+T[\d:.]+Z"|"uid":"[^"]*"`)

// When a capture was taken changes nothing but the times that are printed: at 1970, before it,
// after what 32 bits of seconds hold (2106).
func TestAnyYear(t *testing.T) {
	for _, name := range []string{"close-by-client", "close-wait-leak", "keepalive-dead", "aborts-many", "time-wait-reuse"} {
		pcap, err := os.ReadFile("testdata/pcaps/" + name + ".pcap")
		if err != nil {
			t.Fatal(err)
		}
		at := func(by func(first int64) int64) string {
			var out bytes.Buffer
			in := sourceOf(t, pcap)
			f, err := capture.NewFile("memory", bytes.NewReader(pcap))
			if err != nil {
				t.Fatal(err)
			}
			var p capture.Packet
			if err := f.Next(&p); err != nil {
				t.Fatal(err)
			}
			in.source = moved{in.source, by(p.Time)}
			if _, err := Run(t.Context(), in, Options{}, report.NewJSONL(&out, schema.Options{})); err != nil {
				t.Fatal(err)
			}
			return moments.ReplaceAllString(out.String(), `""`)
		}
		want := at(func(int64) int64 { return 0 })
		for _, year := range []int64{1900, 1969, 1970, 2105, 2106, 2107, 2200, 2261} {
			start := time.Date(int(year), 12, 31, 23, 59, 30, 0, time.UTC).UnixNano()
			if got := at(func(first int64) int64 { return start - first }); got != want {
				t.Errorf("%s in %d: %s\nwant %s", name, year, got, want)
			}
		}
		if got := at(func(first int64) int64 { return 1 - first }); got != want {
			t.Errorf("%s at 1970: %s\nwant %s", name, got, want)
		}
	}
}
