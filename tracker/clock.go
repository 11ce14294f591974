package tracker

// maxStep is the longest pause between two packets of the whole input that is
// taken for a pause: longer than keepalive's two hours. What is longer is a
// stepped clock, a damaged stamp, or a file put together from others: it
// expires nothing.
const maxStep = 3 * 3600 * second

// clock is the time that timeouts count in: packet time, less its steps. It
// runs on the input's packets alone (law 5), forwards only.
type clock struct {
	now     int64 // nanoseconds since the first packet
	first   int64 // time of the first packet
	last    int64 // packet time
	started bool
}

func (k *clock) advance(t int64) {
	d := t - k.last
	switch {
	case !k.started:
		k.first = t
	case d > 0 && d <= maxStep:
		k.now += d
	case d <= 0 && d >= -maxStep:
		return // interfaces stamp by clocks of their own: the latest stands
	}
	k.last, k.started = t, true
}
