package diagnose

import (
	"reflect"

	"tcpwatch/capture"
	"tcpwatch/tracker/record"
)

// Kinds are how many values the numbers in folds have that are names: what is read of a fold that
// was written down may hold no others.
func Kinds() map[reflect.Type]uint64 {
	return map[reflect.Type]uint64{
		reflect.TypeFor[record.State]():            uint64(record.NStates),
		reflect.TypeFor[record.End]():              uint64(record.NEnds),
		reflect.TypeFor[record.Basis]():            uint64(record.NBases),
		reflect.TypeFor[record.OpenKind]():         uint64(record.NOpenKinds),
		reflect.TypeFor[record.CloseKind]():        uint64(record.NCloseKinds),
		reflect.TypeFor[record.ResetCause]():       uint64(record.NResetCauses),
		reflect.TypeFor[record.TimeWaitEnd]():      uint64(record.NTimeWaitEnds),
		reflect.TypeFor[record.KeepaliveOutcome](): uint64(record.NKeepaliveOutcomes),
		reflect.TypeFor[record.IdleOutcome]():      uint64(record.NIdleOutcomes),
		reflect.TypeFor[record.RTTSource]():        uint64(record.NRTTSources),
		reflect.TypeFor[record.Tap]():              uint64(record.NTaps),
		reflect.TypeFor[record.Twice]():            uint64(record.NTwices),
		reflect.TypeFor[record.ZeroWindowEnd]():    uint64(record.NZeroWindowEnds),
		reflect.TypeFor[record.AnswerKind]():       uint64(record.AnswerICMPv6) + 1,
		reflect.TypeFor[capture.TunnelKind]():      uint64(capture.NTunnelKinds),
		reflect.TypeFor[capture.OptionOrder]():     uint64(capture.NOptionOrders),
		reflect.TypeFor[Fault]():                   uint64(FaultUnheardACK) + 1,
		reflect.TypeFor[SubjectKind]():             uint64(SubjectHosts) + 1,
		reflect.TypeFor[outcome]():                 uint64(wentOther) + 1,
		reflect.TypeFor[outlived]():                uint64(endedSilent) + 1,
	}
}
