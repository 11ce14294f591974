package diagnose

import (
	"fmt"
	"strings"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// Detector is one kind of trouble that can be found. Its Name and Doc feed
// flags, help and every output.
type Detector struct {
	Name  string // lower case, words joined by hyphens
	Group Group
	Doc   string                // the first line in a sentence; then rule, sources, what it can be mistaken for
	New   func(o *Options) Fold // declares the thresholds: see Options
	// needs are the traits without any of which a record adds nothing to its
	// Fold, unless a threshold is 0; without needs any record may.
	needs traits
	// atEnd: it tells how things stood when the input ended, which is nothing of what goes on.
	atEnd bool
	// atRest: what a connection at rest tells is no more urgent than a walk over all of them is frequent;
	// see Set.TellsAtRest.
	atRest bool
	// onACKs: it rests on an ACK that did not come, or on what was lost. Of a capture that a filter
	// took all ACKs without data from it tells nothing: see quality.lacksACKs.
	onACKs bool
}

// Fold gathers what a detector needs of records. It is not safe for concurrent use.
type Fold interface {
	// Add takes in the record of a connection and keeps nothing of what is
	// borrowed. It allocates only when the record is evidence of trouble.
	Add(r *record.Record)
	// Fields lists what was gathered, so that it merges with what a fold of the same
	// detector with the same Options gathered, and can be written down.
	fold.Value
	// Findings tells what was found, in any order; the Set fills in Detector and ID.
	Findings(c *Context) []Finding
}

// Group is what a detector is about; findings of GroupCapture come first where
// they weaken the others.
type Group uint8

const (
	GroupOpen      Group = iota // attempts to connect that fail
	GroupQueue                  // listeners that cannot take what comes
	GroupHandshake              // slow handshakes
	GroupTimeWait               // TIME-WAIT and what it costs
	GroupLeak                   // connections that an application does not close
	GroupClose                  // closes that did not finish
	GroupReset                  // RSTs
	GroupKeepalive              // keepalive probes
	GroupIdle                   // idle connections that something on the way forgot
	GroupTransfer               // windows, loss, stalls
	GroupAttack                 // floods and scans
	GroupCapture                // what the capture hides
)

func (g Group) String() string {
	return [...]string{"opening", "queues", "handshakes", "TIME-WAIT", "leaks", "closing", "resets", "keepalive",
		"idle", "transfer", "attacks", "capture"}[g]
}

// maxSubjects bounds the subjects of each detector; of those beyond it only
// the number of connections is known.
const maxSubjects = 4096

// Detectors lists all detectors, by group. A detector stands in one file with
// its thresholds; its line here makes it known everywhere.
func Detectors() []Detector {
	return []Detector{
		refused(), unreachable(), noAnswer(), halfOpen(), abandoned(), healthCheck(), onlySYN(), closedAtOnce(), staleConnection(), sharedTuple(), portCollision(),
		queueFull(), synCookies(),
		synLost(), synAckLost(), slowHandshake(),
		portExhaustion(), timeWaitMany(), timeWaitReuse(), reuseRefused(),
		closeWait(), finWait2(),
		finUnacked(), lastACK(), halfClose(), halfCloseUnkept(), vanished(), fellSilent(), stillOpen(),
		resetAbort(), resetUnread(), resetLate(), gaveUpWaiting(), resetForgotten(), resetBare(), resetInjected(), resetIgnored(), resetHarmless(), untranslated(),
		keepaliveDead(), keepaliveLate(), keepaliveChatty(), keepaliveMissing(),
		idleTimeout(), idleRace(),
		zeroWindow(), windowNotTaken(), receiverLimited(), senderLimited(), networkLimited(), sillyWindow(), nagleDelay(), queueing(),
		loss(), retxStorm(), stoodStill(), retxSpurious(), reordering(), timestampsRefused(), checksumWrong(), dataConflict(), sackRewritten(), scaleIgnored(), mtuBlackHole(), optionStripped(), mssClamped(), ecnBleached(),
		synFlood(), portScan(), backscatter(),
		captureDrops(), captureOneWay(), captureCopies(), captureCut(), captureOffload(), captureMidstream(), captureClock(), seenTwice(),
	}
}

// Select returns the detectors that a list of names, separated by commas,
// asks for; all for "".
func Select(names string) ([]Detector, error) {
	all := Detectors()
	if names == "" {
		return all, nil
	}
	var chosen []Detector
	for name := range strings.SplitSeq(names, ",") {
		d, err := find(all, strings.TrimSpace(name))
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, d)
	}
	return chosen, nil
}

// find returns the detector of a name.
func find(all []Detector, name string) (Detector, error) {
	names := make([]string, len(all))
	for i, d := range all {
		if d.Name == name {
			return d, nil
		}
		names[i] = d.Name
	}
	near := ""
	if n := say.Nearest(name, names); n != "" {
		near = "near it: " + n + "; "
	}
	return Detector{}, fmt.Errorf("unknown detector %q; %s--explain list names all", name, near)
}
