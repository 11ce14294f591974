package pair

import (
	"strings"
	"testing"

	"tcpwatch/tracker/record"
)

func TestShorten(t *testing.T) {
	arrived := Row{Class: ClassData, Sent: record.Some[int64](1), Got: record.Some[int64](2)}
	rows := make([]Row, 100)
	for i := range rows {
		rows[i] = arrived
	}
	rows[50].Fate = Lost
	short := shorten(rows)
	var text strings.Builder
	n := 0
	for _, r := range short {
		switch {
		case r.Skipped > 0:
			text.WriteByte('~')
			n += r.Skipped
			continue
		case r.Fate == Lost:
			text.WriteByte('x')
		default:
			text.WriteByte('.')
		}
		n++
	}
	if got, want := text.String(), "........~...x...~........"; got != want || n != len(rows) {
		t.Errorf("%s of %d rows, want %s of %d", got, n, want, len(rows))
	}
	if len(shorten(rows[:20])) != 20 {
		t.Error("four rows are left out: the line that says so takes more room")
	}
}

// Each kind of fate has its own arrow, of the same width.
func TestArrows(t *testing.T) {
	sent, got := record.Some[int64](1), record.Some[int64](2)
	for _, ascii := range []bool{false, true} {
		c := &columns{way: 30, marks: marksOf(ascii)}
		for _, x := range []struct {
			row  Row
			want string // in ASCII
		}{
			{Row{Class: ClassSYN, Sent: sent, Got: got}, "------------ SYN ------------>"},
			{Row{Dir: Back, Class: ClassSYNACK, Sent: sent, Got: got}, "<--------- SYN/ACK -----------"},
			{Row{Class: ClassData, Seq: 1, Len: 9, Sent: sent, Fate: Lost}, "-------- 1..10 lost x         "},
			{Row{Dir: Back, Class: ClassFIN, Sent: sent, Fate: Lost, Again: true}, "       x FIN again lost ------"},
			{Row{Dir: Back, Class: ClassRST, Got: got, Made: true}, "<--- RST, made between x      "},
			{Row{Class: ClassRST, Got: got, Made: true}, "      x RST, made between --->"},
			{Row{Class: ClassData, Seq: 1, Len: 9, Sent: sent, Got: got, Overtaken: true}, "------ 1..10, overtaken ----->"},
			{Row{Class: ClassData, Len: 3000, Sent: sent, Got: got, Fate: Lost, Lost: 1000}, "0..3000, 1000 bytes of it lost"},
		} {
			text := c.arrow(&x.row)
			if ascii && !strings.Contains(text, strings.TrimRight(x.want, " ")) && !strings.Contains(x.want, "0..3000") {
				t.Errorf("%+v: %q, want %q", x.row, text, x.want)
			}
			if w := len([]rune(text)); w != 30 && !strings.Contains(x.want, "0..3000") {
				t.Errorf("%q is %d wide", text, w)
			}
		}
	}
}
