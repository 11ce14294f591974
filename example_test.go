package tcpwatch_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"tcpwatch"
	"tcpwatch/report"
	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// Failed opens, counted by cause.
func ExampleRecords() {
	src, err := tcpwatch.Open("testdata/pcaps/port-scan.pcap", "testdata/pcaps/no-answer.pcap")
	if err != nil {
		log.Fatal(err)
	}
	failed := map[record.OpenKind]int{}
	for r, err := range tcpwatch.Records(context.Background(), src, tcpwatch.Options{}) {
		if err != nil {
			log.Fatal(err)
		} else if r.Open.Kind.Failed() {
			failed[r.Open.Kind]++
		}
	}
	fmt.Println(failed)
	// Output: map[refused:19 no-answer:1]
}

// What is wrong, the worst first.
func ExampleAnalyze() {
	src, err := tcpwatch.Open("testdata/pcaps/keepalive-dead.pcap")
	if err != nil {
		log.Fatal(err)
	}
	sums, err := tcpwatch.Analyze(context.Background(), src, tcpwatch.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range sums.Findings(nil) {
		fmt.Println(f.Severity, f.Confidence, f.Detector)
	}
	// Output: notice proven keepalive-dead
}

// Two Outputs of the same run: JSON Lines, and one's own.
func ExampleRun() {
	src, err := tcpwatch.Open("testdata/pcaps/syn-lost.pcap")
	if err != nil {
		log.Fatal(err)
	}
	lines, err := os.Create(os.DevNull)
	if err != nil {
		log.Fatal(err)
	}
	stats, err := tcpwatch.Run(context.Background(), src, tcpwatch.Options{}, report.NewJSONL(lines, schema.Options{}), slowOpens{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(stats.Packets, "packets")
	// Output:
	// #3 10.77.0.1:40000 > 10.77.0.129:80: 3.1 s, 4 SYNs
	// 15 packets
}

// slowOpens is an Output that prints the connections that took a second to open.
type slowOpens struct{ tcpwatch.Base }

func (slowOpens) Needs() record.Needs { return record.Needs{Conns: true} }

func (slowOpens) Conn(r *record.Record) error {
	if felt := r.Open.Felt; felt.OK && felt.V >= 1e9 {
		fmt.Printf("#%d %v > %v: %.1f s, %d SYNs\n", r.ID, r.Orig, r.Resp, float64(felt.V)/1e9, r.Open.SYNs)
	}
	return nil
}
