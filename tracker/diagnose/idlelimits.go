package diagnose

import (
	"fmt"
	"strings"

	"tcpwatch/internal/say"
)

// limit is how long something on the way keeps an idle connection by default.
type limit struct {
	after int64 // nanoseconds
	whose string
}

// limits are the known ones, shortest first, from their vendors' documentation.
func limits() [7]limit {
	return [...]limit{
		{60 * second, "AWS Application Load Balancer"},
		{240 * second, "Azure Load Balancer and NAT gateway"},
		{350 * second, "AWS Network and Gateway Load Balancer, NAT gateway"},
		{600 * second, "Google Cloud VPC firewall"},
		{1200 * second, "Google Cloud NAT"},
		{3600 * second, "many firewalls"},
		{432000 * second, "Linux nf_conntrack, established"},
	}
}

// fits are the limits that explain why a rest as long as died was the last one
// though one as long as lived was not. An end that tries again notices some time
// after the limit, a RST at the limit may come a little early.
func fits(lived, died int64) (all []limit) {
	for _, l := range limits() {
		if slack := l.after / 50; lived < l.after+slack && died >= l.after-slack {
			all = append([]limit{l}, all...) // the longest first: it is the nearest to what died
		}
	}
	return all
}

// name is 350 s (AWS ...).
func (l limit) name() string { return fmt.Sprintf("%s (%s)", seconds(l.after), l.whose) }

// seconds is a pause as limits are written: in seconds, whatever their number,
// up to a day.
func seconds(ns int64) string {
	if ns >= 86400*second {
		return span(ns)
	}
	return say.Digits(float64(ns)/1e9, 1) + " s"
}

// namesOf is a list of limits in words.
func namesOf(all []limit) string {
	var names []string
	for _, l := range all {
		names = append(names, l.name())
	}
	return strings.Join(names, "; ")
}

// shorterThan are the limits that a pause outlasts.
func shorterThan(pause int64) (all []limit) {
	for _, l := range limits() {
		if l.after < pause {
			all = append(all, l)
		}
	}
	return all
}
