package schema

import (
	"slices"

	"tcpwatch/tracker/record"
)

// Words are all the words that a field of text can hold; none for one that can hold any.
func (f *Field) Words() []string {
	switch f.Name {
	case "close.kind":
		return wordsOf(record.NCloseKinds)
	case "open.kind":
		return wordsOf(record.NOpenKinds)
	case "close.reset_cause":
		return wordsOf(record.NResetCauses)
	case "time_wait.ended_by":
		return wordsOf(record.NTimeWaitEnds)
	case "keepalive.outcome":
		return wordsOf(record.NKeepaliveOutcomes)
	case "rest.outcome":
		return wordsOf(record.NIdleOutcomes)
	case "capture.tap":
		return wordsOf(record.NTaps)
	case "orig.rtt_source", "resp.rtt_source":
		return wordsOf(record.NRTTSources)
	case "close.first", "close.reset_by", "time_wait.holder", "local", "rest.by":
		return wordsOf(record.NoEnd)
	case "orig_state", "resp_state", "close.reset_in", "open.held_state":
		return wordsOf(record.NStates)
	case "conn_state":
		return []string{"S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR", "OTH"}
	}
	return nil
}

// wordsOf are the words of a kind below n that has such.
func wordsOf[K interface {
	~uint8
	String() string
}](n K) (words []string) {
	for k := range n {
		if w := k.String(); w != "" && !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	return words
}
