package compare

import "tcpwatch/internal/fold"

// measures compares what connections to one listener, or all, went through.
func measures(a, b *sums, limit, threshold float64) []Row {
	var rows []Row
	shares := func(name string, x, y *share) {
		row := Row{Measure: name, Unit: UnitShare, InA: x.all > 0, InB: y.all > 0, NA: x.connections, NB: y.connections}
		if row.InA {
			row.A = x.value()
		}
		if row.InB {
			row.B = y.value()
		}
		if row.InA && row.InB {
			row.Errors = shareErrors(x, y)
		}
		row.judge(x.cases+y.cases, limit, threshold)
		rows = append(rows, row)
	}
	durations := func(name string, x, y *fold.Histogram, percent uint64) {
		row := Row{Measure: name, Unit: UnitSeconds, InA: x.N() > 0, InB: y.N() > 0, NA: x.N(), NB: y.N(),
			A: float64(x.Quantile(percent)) / 1e9, B: float64(y.Quantile(percent)) / 1e9}
		above := 0.0
		if row.InA && row.InB {
			row.Errors, above = quantileErrors(x, y, percent)
		}
		row.judge(above, limit, threshold)
		rows = append(rows, row)
	}
	shares("failed opens", &a.failed, &b.failed)
	for i, cause := range causes {
		if a.causes[i].cases > 0 || b.causes[i].cases > 0 {
			shares("failed opens: "+cause.String(), &a.causes[i], &b.causes[i])
		}
	}
	durations("felt time p50", &a.felt, &b.felt, 50)
	durations("felt time p95", &a.felt, &b.felt, 95)
	durations("felt time p99", &a.felt, &b.felt, 99)
	shares("packets sent again", &a.retx, &b.retx)
	shares("resets", &a.resets, &b.resets)
	shares("incomplete closes", &a.incomplete, &b.incomplete)
	shares("closed windows", &a.closedWins, &b.closedWins)
	shares("keepalive dead", &a.dead, &b.dead)
	durations("round trip p50", &a.rtt, &b.rtt, 50)
	durations("round trip p95", &a.rtt, &b.rtt, 95)
	return rows
}

// quantileErrors is how many standard errors apart the shares of a and b are
// that lie above the quantile of both together, and how many durations do.
func quantileErrors(a, b *fold.Histogram, percent uint64) (errors, above float64) {
	var both fold.Histogram
	fold.Merge(&both, a)
	fold.Merge(&both, b)
	at := both.Quantile(percent)
	x, y := counted(a.Above(at), a.N()), counted(b.Above(at), b.N())
	return shareErrors(&x, &y), x.cases + y.cases
}
