package schema

import (
	"encoding/binary"
	"testing"

	"tcpwatch/tracker/record"
)

// uidOf is a UID of a number.
func uidOf(n int) (id record.UID) {
	binary.BigEndian.PutUint64(id[:], uint64(n))
	return id
}

// However many connections there are, so many are remembered; which were forgotten is known.
func TestRevisionsAreBounded(t *testing.T) {
	v := NewRevisions()
	v.most = [2]int{100, 50}
	for i := range 1000 {
		if !v.take(uidOf(i+1), false, 0, 0, i) {
			t.Fatalf("connection %d came before", i+1)
		}
		if n := len(v.over) + len(v.older); n > 200 {
			t.Fatalf("%d are remembered", n)
		}
	}
	if !v.Forgotten || v.Doubled > 0 {
		t.Errorf("forgotten %t, doubled %d", v.Forgotten, v.Doubled)
	}
	if v.take(uidOf(901), false, 0, 0, 0) || v.Doubled != 1 {
		t.Error("one of the last 100 is not known again")
	}
	for i := range 80 {
		v.take(uidOf(5000+i), true, 1, 0, i)
	}
	if len(v.GoingOn()) != 50 || v.LeftOut != 30 {
		t.Errorf("%d go on, %d left out", len(v.GoingOn()), v.LeftOut)
	}
	v.take(uidOf(5000), false, 2, 0, 99)
	if all := v.GoingOn(); len(all) != 49 || all[0].Row != 1 {
		t.Errorf("%d go on, first %+v", len(all), all[0])
	}
}
