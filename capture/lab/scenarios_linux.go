package lab

import "slices"

// Scenarios are all that the lab can play.
func Scenarios() []Scenario {
	return slices.Concat(closes())
}
