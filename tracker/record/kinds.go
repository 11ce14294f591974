package record

// The kinds that a connection holds are small numbers, not texts: so none can be
// one that the packer does not know (number in tracker/packer.go packs them all).

// OpenKind says how a connection opened.
type OpenKind uint8

const (
	OpenUnknown OpenKind = iota
	OpenHandshake
	OpenSimultaneous
	OpenRefused
	OpenUnreachable
	OpenNoAnswer
	OpenHalfOpen
	OpenAborted
	OpenMidstream

	NOpenKinds
)

// String is the kind as outputs have it, "" for OpenUnknown.
func (k OpenKind) String() string { return word(openKinds[:], k) }

// Failed reports whether the attempt ended without a connection.
func (k OpenKind) Failed() bool { return k >= OpenRefused && k <= OpenAborted }

var openKinds = [NOpenKinds]string{OpenHandshake: "handshake", OpenSimultaneous: "simultaneous", OpenRefused: "refused",
	OpenUnreachable: "unreachable", OpenNoAnswer: "no-answer", OpenHalfOpen: "half-open", OpenAborted: "aborted", OpenMidstream: "midstream"}

// ResetCause says why a RST came.
type ResetCause uint8

const (
	ResetNone ResetCause = iota // none came
	ResetRefused
	ResetAbort
	ResetUnreadData
	ResetLateData
	ResetAfterClose
	ResetKeepaliveDead
	ResetMiddlebox
	ResetUnknown
	ResetMPTCP // MP_FASTCLOSE: the whole MPTCP connection ends, of which this is one path

	NResetCauses
)

// String is the cause as outputs have it, "" for ResetNone.
func (c ResetCause) String() string { return word(resetCauses[:], c) }

var resetCauses = [NResetCauses]string{ResetRefused: "refused", ResetAbort: "abort", ResetUnreadData: "unread-data", ResetLateData: "late-data",
	ResetAfterClose: "after-close", ResetKeepaliveDead: "keepalive-dead", ResetMiddlebox: "middlebox", ResetUnknown: "unknown", ResetMPTCP: "mptcp-close"}

// TimeWaitEnd says what ended a TIME-WAIT.
type TimeWaitEnd uint8

const (
	TimeWaitLasts TimeWaitEnd = iota // nothing yet
	TimeWait2MSL
	TimeWaitReuse
	TimeWaitReset
	TimeWaitInputEnd // it had not ended when the input did

	NTimeWaitEnds
)

// String is the end as outputs have it, "" for TimeWaitLasts.
func (e TimeWaitEnd) String() string { return word(timeWaitEnds[:], e) }

var timeWaitEnds = [NTimeWaitEnds]string{TimeWait2MSL: "2msl", TimeWaitReuse: "reuse", TimeWaitReset: "reset", TimeWaitInputEnd: "input-end"}

// word is the text of a kind, "" for one that has none.
func word[K ~uint8](texts []string, k K) string {
	if int(k) < len(texts) {
		return texts[k]
	}
	return ""
}

// CloseKind says how a connection closed: the first that fits, but that what was
// evicted is neither half-closed, nor with an unacknowledged FIN, nor timed out.
type CloseKind uint8

const (
	CloseUnknown     CloseKind = iota // midstream, one FIN acknowledged: the other may have passed before; or a filter left the ACK of a FIN out
	CloseNeverOpened                  // the handshake was not completed
	CloseNormal                       // both FINs acknowledged, whatever follows
	CloseReset                        // by a RST
	CloseHalfClosed                   // one FIN acknowledged
	CloseUnackedFIN                   // a FIN that nobody acknowledged
	CloseTimedOut                     // unacknowledged data repeated, then silence
	CloseEvicted                      // dropped from a full table before the end was seen
	CloseOpen                         // none of these: it is open

	NCloseKinds
)

// String is the kind as outputs have it, "" for CloseUnknown.
func (k CloseKind) String() string { return word(closeKinds[:], k) }

var closeKinds = [NCloseKinds]string{CloseNeverOpened: "never-opened", CloseNormal: "normal", CloseReset: "reset",
	CloseHalfClosed: "half-closed", CloseUnackedFIN: "unacked-fin", CloseTimedOut: "timed-out", CloseEvicted: "evicted", CloseOpen: "open"}

// KeepaliveOutcome says what keepalive probes found out.
type KeepaliveOutcome uint8

const (
	KeepaliveNone    KeepaliveOutcome = iota // there were no probes
	KeepaliveAlive                           // they were answered
	KeepaliveDead                            // they were not, and the prober gave up
	KeepaliveUnknown                         // neither, as far as the capture reaches

	NKeepaliveOutcomes
)

// String is the outcome as outputs have it, "" for KeepaliveNone.
func (k KeepaliveOutcome) String() string { return word(keepaliveOutcomes[:], k) }

var keepaliveOutcomes = [NKeepaliveOutcomes]string{KeepaliveAlive: "alive", KeepaliveDead: "dead", KeepaliveUnknown: "unknown"}

// IdleOutcome says how a connection's last idle time ended.
type IdleOutcome uint8

const (
	IdleAnswered   IdleOutcome = iota // the other end answered, or there was no idle time
	IdleUnanswered                    // nothing came, as far as the capture reaches
	IdleReset                         // a RST answered
	IdleEnded                         // a RST ended the idle time

	NIdleOutcomes
)

// String is the outcome as outputs have it, "" for IdleAnswered.
func (o IdleOutcome) String() string { return word(idleOutcomes[:], o) }

var idleOutcomes = [NIdleOutcomes]string{IdleUnanswered: "unanswered", IdleReset: "reset", IdleEnded: "ended"}

// RTTSource says how a round-trip time was measured.
type RTTSource uint8

const (
	RTTNone       RTTSource = iota
	RTTData                 // data and its ACK, under Karn's rule
	RTTTimestamps           // a timestamp and its first echo (RFC 7323)
	RTTHandshake            // SYN and SYN/ACK, or SYN/ACK and ACK

	NRTTSources
)

// String is the source as outputs have it, "" for RTTNone.
func (s RTTSource) String() string { return word(rttSources[:], s) }

var rttSources = [NRTTSources]string{RTTData: "data", RTTTimestamps: "timestamps", RTTHandshake: "handshake"}

// Twice says whether files that were captured at two places hold a connection, and what became of that.
type Twice uint8

const (
	TwiceNone    Twice = iota // not as far as is known
	TwiceCopied               // both are so near in time that copies were told one by one
	TwiceLeftOut              // what the files of the other place hold was left out
	TwiceMixed                // there are more files of it, of which it is not known where they were captured

	NTwices
)

// String is the word that outputs have, "" for TwiceNone.
func (t Twice) String() string { return word(twices[:], t) }

var twices = [NTwices]string{TwiceCopied: "copies", TwiceLeftOut: "left-out", TwiceMixed: "mixed"}

// Tap says where the capture point stands.
type Tap uint8

const (
	TapUnknown Tap = iota // that can't be told
	TapOrig               // near the originator
	TapResp               // near the responder
	TapBetween            // near neither

	NTaps
)

// String is the place as outputs have it, "" for TapUnknown.
func (t Tap) String() string { return word(taps[:], t) }

var taps = [NTaps]string{TapOrig: "orig", TapResp: "resp", TapBetween: "between"}
