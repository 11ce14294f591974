package pair

import (
	"strconv"

	"tcpwatch/internal/say"
)

// precise is a span to the microsecond where it is less than a minute: "1.734512 s".
func precise(ns int64) string {
	if ns < 1e6 || ns >= 60e9 {
		return say.Duration(ns, true)
	}
	return strconv.FormatFloat(float64(ns/1000)/1e6, 'f', 6, 64) + " s"
}
