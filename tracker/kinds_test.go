package tracker

import (
	"fmt"
	"testing"

	"tcpwatch/tracker/record"
)

// Every kind has a word, and none has that of another.
func TestKindsHaveWords(t *testing.T) {
	check := func(n uint8, kind func(uint8) fmt.Stringer) {
		seen := map[string]bool{}
		for i := range n {
			k := kind(i)
			if s := k.String(); seen[s] || (s == "") != (i == 0) {
				t.Errorf("%T %d is %q", k, i, s)
			} else {
				seen[s] = true
			}
		}
		if s := kind(n).String(); s != "" {
			t.Errorf("%T %d is %q", kind(n), n, s)
		}
	}
	check(uint8(record.NOpenKinds), func(i uint8) fmt.Stringer { return record.OpenKind(i) })
	check(uint8(record.NResetCauses), func(i uint8) fmt.Stringer { return record.ResetCause(i) })
	check(uint8(record.NTimeWaitEnds), func(i uint8) fmt.Stringer { return record.TimeWaitEnd(i) })
}
