package tracker

import (
	"reflect"
	"strings"
	"testing"

	"tcpwatch/reassembly"
	"tcpwatch/tracker/table"
)

// What each of the parts of a connection takes is known beforehand, and what is looked at for
// each segment of an established connection lies together.
func TestLayout(t *testing.T) {
	for _, x := range []struct {
		part any
		most uintptr
	}{{conn{}, 1152}, {endpoint{}, 360}, {sender{}, 296}, {embryo{}, embryoBytes}, {table.Entry{}, 96},
		{details{}, detailsBytes}, {captured{}, capturedBytes}, {endDetails{}, endPartBytes}, {losses{}, lossesBytes}, {reassembly.Answers{}, answersBytes}} {
		if y := reflect.TypeOf(x.part); y.Size() > x.most {
			t.Errorf("%v takes %d bytes, more than %d", y, y.Size(), x.most)
		}
	}
	for _, x := range []struct {
		of     any
		within uintptr // bytes
		fields string
	}{
		{conn{}, 80, "id entry class first resetBy flags start last lastPacket thirdACKAt prev details capture"},
		{endpoint{}, 160, "addr state synSeen finSeen finAcked finImplied tailUnseen ackedAny ttl wscale mss stream has isn fin tsRecent window widest " +
			"packets lastSend lastData sender details dataSegments pureACKs seenBytes wireBytes"},
	} {
		y := reflect.TypeOf(x.of)
		for _, name := range strings.Fields(x.fields) {
			f, ok := y.FieldByName(name)
			if !ok || f.Offset+f.Type.Size() > x.within {
				t.Errorf("%v.%s ends at byte %d, not within %d", y, name, f.Offset+f.Type.Size(), x.within)
			}
		}
	}
}

// TestMain sees that whatever the tests did, nobody wrote to the parts that all
// connections share which have none of their own.
func TestMain(m *testing.M) {
	m.Run()
	for _, p := range []any{noDetails, nothingCaptured, noLosses, noEndDetails} {
		if !reflect.ValueOf(p).IsZero() {
			panic("somebody wrote to the part of a connection that has none of its own")
		}
	}
}
