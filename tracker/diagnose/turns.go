package diagnose

import (
	"fmt"

	"tcpwatch/capture"
)

// What deals connections out in turn (round robin) to several targets, one of which takes none,
// fails every n-th of them. How many targets there may be follows from how many of all failed,
// whatever their order; its p is multiplied by the places that were looked at.

// mostTargets bounds the turn that is looked for: a longer one takes more connections than show it.
const mostTargets = 16

// Those that came with a sign of their own may well come regularly: where another sign separates as
// well as the turn, that one is why.

// takeTurns notes for each attempt to a listener, in order of time, whether it stands at the place of
// a turn at which most of those stand that failed.
func takeTurns(all []*joined, failed outcome) {
	n := 0
	for _, a := range all {
		a.turn = turn{}
		if a.Result == failed {
			n++
		}
	}
	var best turn
	at, most := 0, 0
	for targets := 2; targets <= mostTargets; targets++ {
		if n < len(all)/targets || n > (len(all)+targets-1)/targets {
			continue // so many fail at no place of it
		}
		best.places += targets
		var places [mostTargets]int
		for i, a := range all {
			if a.Result == failed {
				places[i%targets]++
			}
		}
		for place, k := range places {
			if k > most {
				best.targets, at, most = targets, place, k
			}
		}
	}
	if best.targets == 0 {
		return
	}
	for i, a := range all {
		if i%best.targets == at {
			a.turn = best
		}
	}
}

// turn is in which turn an attempt has the place at which most stand that failed.
type turn struct{ targets, places int } // and how many places were looked at, of all turns that fit

// number is the turn as the value of a sign.
func (t turn) number() uint64 { return uint64(t.places)<<8 | uint64(t.targets) }

func turnOf(v uint64) turn { return turn{targets: int(v & 0xff), places: int(v >> 8)} }

// inTurn is whether an attempt stands at that place, and of which turn.
func inTurn(a *joined) (uint64, bool) { return a.turn.number(), a.counted }

// placesOf is at how many places it was looked for.
func placesOf(v uint64) int { return max(turnOf(v).places, 1) }

func sayTurn(v uint64) string {
	targets := turnOf(v).targets
	which := fmt.Sprintf("%dth", targets)
	if names := [...]string{"", "", "second", "third", "fourth", "fifth", "sixth"}; targets < len(names) {
		which = names[targets]
	}
	return "came as every " + which + " connection to the server"
}

func causeTurn(t *found) Cause {
	return hostOrPath("connections are dealt out in turn to several targets behind the address (load balancer, Service, DNS), and one of them takes none: those that failed " + t.text)
}

func adviseTurn(at capture.Endpoint) []string {
	return []string{"List the targets behind that address (the load balancer's target health, a Service's endpoints, `nft list ruleset`) and ask each; take the dead one out.",
		fmt.Sprintf("On each target: `ss -ltnp '( sport = :%d )'`, or its own port, shows whether it listens.", at.Port)}
}
