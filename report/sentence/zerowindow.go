package sentence

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// maxEpisodesTold bounds the episodes with a closed window that the summary
// names of an end.
const maxEpisodesTold = 3

// episodes names the longest of the times in which an end had its window
// closed, in order, with the packets to look at; "" when there are none.
func (p Phrases) episodes(all []record.ZeroWindowEpisode) string {
	told := longest(all)
	if len(told) == 0 {
		return ""
	}
	s := " ("
	if len(told) < len(all) {
		s += "the longest: "
	}
	for i, x := range told {
		if i > 0 {
			s += "; "
		}
		s += fmt.Sprintf("from packet %d on", x.Packet)
		if x.EndPacket != 0 && len(all) > 1 {
			s += " for " + p.Span(x.End-x.Start)
		}
		if x.Probes > 0 {
			s += ", " + say.Plural(uint64(x.Probes), "probe")
		}
		if by := episodeEnd(&x); by != "" {
			s += ", " + by
		}
	}
	return s + ")"
}

// longest is the longest few of all, in their order; one whose end is not
// known counts as the longest.
func longest(all []record.ZeroWindowEpisode) []record.ZeroWindowEpisode {
	told := append([]record.ZeroWindowEpisode(nil), all...)
	for len(told) > maxEpisodesTold {
		least := 0
		for i := range told {
			if x, y := &told[i], &told[least]; x.EndPacket != 0 && (y.EndPacket == 0 || x.End-x.Start < y.End-y.Start) {
				least = i
			}
		}
		told = append(told[:least], told[least+1:]...)
	}
	return told
}

// episodeEnd says how an episode ended.
func episodeEnd(x *record.ZeroWindowEpisode) string {
	switch x.EndedBy {
	case record.ZeroWindowUpdate:
		return fmt.Sprintf("opened again by packet %d", x.EndPacket)
	case record.ZeroWindowReset:
		return fmt.Sprintf("ended by the RST in packet %d", x.EndPacket)
	case record.ZeroWindowConnEnd:
		return "still closed when the connection ended"
	case record.ZeroWindowInputEnd:
		return "still closed when the input ended"
	}
	return ""
}
