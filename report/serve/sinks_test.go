package serve

import (
	"fmt"
	"testing"

	"tcpwatch/report"
)

// Of each topic there is what was sent and what was not, by cause.
func TestSinkFamilies(t *testing.T) {
	sink := func(topic string, n uint64) Sink {
		return Sink{Name: "kafka", Label: [2]string{"topic", "messaging.destination.name"}, To: topic, Counts: func() (uint64, []report.Count) {
			return n, []report.Count{{Reason: "queue-full", N: n + 1}, {Reason: "refused", N: n + 2}}
		}}
	}
	var got []string
	for _, f := range sinkFamilies([]Sink{sink("a", 10), sink("b", 20)}) {
		for _, s := range f.series {
			got = append(got, fmt.Sprint(f.name, s.values, s.n))
		}
	}
	want := "[tcpwatch_kafka_sent_total[a] 10 tcpwatch_kafka_sent_total[b] 20 tcpwatch_kafka_unsent_total[a queue-full] 11 tcpwatch_kafka_unsent_total[a refused] 12" +
		" tcpwatch_kafka_unsent_total[b queue-full] 21 tcpwatch_kafka_unsent_total[b refused] 22]"
	if fmt.Sprint(got) != want {
		t.Errorf("%v\nnot\n%s", got, want)
	}
	if all := sinkFamilies(nil); len(all) != 0 {
		t.Error(all)
	}
}
