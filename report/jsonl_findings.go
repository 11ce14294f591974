package report

import (
	"strconv"
	"strings"

	"tcpwatch/internal/say"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/diagnose"
)

// appendFinding appends the line of one finding.
func appendFinding(b []byte, f *diagnose.Finding) []byte {
	text := func(key, s string) {
		b = append(b, ',', '"')
		b = append(b, key...)
		b = append(b, '"', ':')
		b = say.AppendJSON(b, s)
	}
	numbers := func(key string, list []uint64) {
		b = append(b, ',', '"')
		b = append(b, key...)
		b = append(b, `":[`...)
		for i, n := range list {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendUint(b, n, 10)
		}
		b = append(b, ']')
	}
	b = append(b, `{"type":"finding"`...)
	text("id", f.ID)
	text("detector", f.Detector)
	text("severity", f.Severity.String())
	text("confidence", f.Confidence.String())
	text("title", f.Title)
	text("explanation", f.Explanation)
	b = append(b, `,"causes":[`...)
	for i, c := range f.Causes {
		if i > 0 {
			b = append(b, ',')
		}
		b = say.AppendJSON(b, c)
	}
	b = append(b, ']')
	text("advice", strings.Join(f.Advice, " "))
	text("subject", f.Subject.String())
	text("subject_kind", f.Subject.Kind.String())
	b = schema.AppendNumber(b, "count", f.Count)
	numbers("conns", f.Conns)
	numbers("packets", f.Packets)
	if f.Since != 0 || f.Until != 0 { // else no packet has a time
		b = append(b, `,"since":"`...)
		b = schema.AppendTime(b, f.Since)
		b = append(b, `","until":"`...)
		b = schema.AppendTime(b, f.Until)
		b = append(b, '"')
	}
	return append(b, '}')
}
