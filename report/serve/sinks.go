package serve

import (
	"fmt"

	"tcpwatch/report"
)

// Sink is what records are sent to.
type Sink struct {
	Name  string    // of what takes them: kafka, s3
	Label [2]string // what To is: by Prometheus' and by OpenTelemetry's name
	To    string    // the topic, or the archive
	// Counts are how many records were sent so far, and how many were not, by cause.
	Counts func() (sent uint64, unsent []report.Count)
}

// sinkFamilies tell what was sent to sinks and what was not, of each kind of them that there is.
func sinkFamilies(sinks []Sink) (all []family) {
	at := map[string]int{}
	for _, s := range sinks {
		to := label{s.Label[0], s.Label[1]}
		if _, known := at[s.Name]; !known {
			at[s.Name] = len(all)
			all = append(all,
				family{name: fmt.Sprintf("tcpwatch_%s_sent_total", s.Name), otel: fmt.Sprintf("tcpwatch.%s.sent", s.Name), unit: "{record}",
					help: fmt.Sprintf("Records that %s took.", s.Name), labels: []label{to}},
				family{name: fmt.Sprintf("tcpwatch_%s_unsent_total", s.Name), otel: fmt.Sprintf("tcpwatch.%s.unsent", s.Name), unit: "{record}",
					help: fmt.Sprintf("Records that were not sent to %s, by cause.", s.Name), labels: []label{to, {"cause", "tcpwatch.cause"}}})
		}
		sent, unsent := s.Counts()
		all[at[s.Name]].add(float64(sent), s.To)
		for _, c := range unsent {
			all[at[s.Name]+1].add(float64(c.N), s.To, c.Reason)
		}
	}
	return all
}
