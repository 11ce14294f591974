package capture

// Outcome says what a Decoder found in a packet.
type Outcome uint8

const (
	OutcomeSkipped Outcome = iota // nothing for us: Decoder.Skip says why
	OutcomeSegment                // Decoder.Segment and Decoder.Payload are filled
	OutcomeQuote                  // Decoder.Quote is filled
)

// SkipReason says why a packet held nothing for us.
type SkipReason uint8

const (
	SkipNone          SkipReason = iota
	SkipNotIP                    // ARP, LLDP, ...
	SkipNotTCP                   // UDP, ICMP without a quoted TCP header, ...
	SkipLinkType                 // a link type that cannot be read
	SkipFragment                 // a fragment still waiting for the others (or never completed)
	SkipCut                      // cut by the snaplen before the TCP header's first 20 bytes
	SkipMalformed                // lengths that contradict each other
	SkipEncrypted                // ESP, protected 802.11
	SkipTooDeep                  // more layers than we follow
	SkipFragmentLimit            // fragments dropped to keep memory bounded
	NSkipReasons
)

// String is the reason as reports show it: "not IP", "not TCP", ...
func (r SkipReason) String() string {
	return [...]string{"", "not IP", "not TCP", "unknown link type", "fragment", "cut before the TCP header",
		"malformed", "encrypted", "too many layers", "fragment limit"}[r]
}
