package record

// The kinds that a connection holds are small numbers, not texts: so none can be
// one that the packer does not know (words.num packs them all).

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

	NResetCauses
)

// String is the cause as outputs have it, "" for ResetNone.
func (c ResetCause) String() string { return word(resetCauses[:], c) }

var resetCauses = [NResetCauses]string{ResetRefused: "refused", ResetAbort: "abort", ResetUnreadData: "unread-data", ResetLateData: "late-data",
	ResetAfterClose: "after-close", ResetKeepaliveDead: "keepalive-dead", ResetMiddlebox: "middlebox", ResetUnknown: "unknown"}

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
