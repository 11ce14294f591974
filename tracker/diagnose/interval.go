package diagnose

import "math"

// interval is between which shares, in per cent, the true one lies in 19 of 20 cases
// where n of all were counted (Wilson's score interval, which holds for small counts).
func interval(n, all uint64) (low, high float64) {
	if all == 0 {
		return 0, 100
	}
	const z = 1.96
	count, part := float64(all), float64(min(n, all))/float64(all)
	middle := part + z*z/(2*count)
	width := z * math.Sqrt(part*(1-part)/count+z*z/(4*count*count))
	scale := 100 / (1 + z*z/count)
	return max(0, (middle-width)*scale), min(100, (middle+width)*scale)
}
