package diagnose

import "slices"

// fact is what packets show that contradicts causes, a bit each: see Cause.unless.
type fact uint16

const (
	hostThere   fact = 1 << iota // the host that is held to be silent sent packets meanwhile
	ownTCP                       // its sender's own TCP sent each RST
	otherSilent                  // the other end had sent no byte
	outlivedRST                  // the timestamps of the end in whose name each RST came went on after it
	unasked                      // nothing came that the RST could answer
)

// unless is the cause, which a fact contradicts.
func (c Cause) unless(x fact) Cause {
	c.not |= x
	return c
}

// contradiction is a fact, and the sentence that tells it where a cause goes for its sake.
type contradiction struct {
	fact     fact
	sentence string
}

// shows notes a fact about a finding. The sentence is told only where the fact contradicts a cause of
// it; "" where the text says so already.
func (f *Finding) shows(x fact, sentence string) {
	f.facts = append(f.facts, contradiction{x, sentence})
}

// refute takes out the causes that packets contradict.
func (f *Finding) refute() {
	for _, x := range f.facts {
		left := slices.DeleteFunc(slices.Clone(f.causes), func(c Cause) bool { return c.not&x.fact != 0 })
		if len(left) == len(f.causes) {
			continue
		}
		f.causes = left
		if x.sentence != "" {
			f.Explanation += " " + x.sentence
		}
	}
}
