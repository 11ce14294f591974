package compare

import "math"

// share sums up cases among all, a connection at a time: resets among
// connections, or packets sent again among packets. Packets of one connection
// share their fate, so the connection is what counts as one observation.
type share struct {
	cases, all  float64
	xx, xn, nn  float64 // sums of squares and products over connections
	connections uint64
}

// add takes a connection with cases among all.
func (s *share) add(cases, all float64) {
	if all <= 0 {
		return
	}
	s.cases += cases
	s.all += all
	s.xx += cases * cases
	s.xn += cases * all
	s.nn += all * all
	s.connections++
}

// counted is the share of cases among n connections.
func counted(cases, n uint64) share {
	x, all := float64(cases), float64(n)
	return share{cases: x, all: all, xx: x, xn: x, nn: all, connections: n}
}

// hit takes a connection that is a case, or not.
func (s *share) hit(is bool) {
	if is {
		s.add(1, 1)
	} else {
		s.add(0, 1)
	}
}

func (s *share) value() float64 { return s.cases / s.all }

// spread is the variance of the share where r is the true one: of a ratio of
// sums over connections; for single cases that is r(1-r)/n.
func (s *share) spread(r float64) float64 {
	return max(0, s.xx-2*r*s.xn+r*r*s.nn) / (s.all * s.all)
}

// shareErrors is how many standard errors b's share is above a's, if both come
// from the same: the z of two proportions.
func shareErrors(a, b *share) float64 {
	pooled := (a.cases + b.cases) / (a.all + b.all)
	return errorsApart(b.value()-a.value(), a.spread(pooled)+b.spread(pooled))
}

// rateErrors is the same for counts over spans of time: the z of two Poisson rates.
func rateErrors(a, spanA, b, spanB float64) float64 {
	pooled := (a + b) / (spanA + spanB)
	return errorsApart(b/spanB-a/spanA, pooled*(1/spanA+1/spanB))
}

func errorsApart(difference, variance float64) float64 {
	if difference == 0 || variance <= 0 || math.IsNaN(variance) {
		return 0
	}
	return difference / math.Sqrt(variance)
}
