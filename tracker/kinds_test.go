package tracker

import (
	"fmt"
	"testing"
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
	check(uint8(nOpenKinds), func(i uint8) fmt.Stringer { return OpenKind(i) })
	check(uint8(nResetCauses), func(i uint8) fmt.Stringer { return ResetCause(i) })
	check(uint8(nTimeWaitEnds), func(i uint8) fmt.Stringer { return TimeWaitEnd(i) })
}
