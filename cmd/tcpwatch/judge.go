package main

import (
	"fmt"
	"io"
	"net"
	"net/netip"

	"tcpwatch/capture"
	"tcpwatch/capture/host"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// judged is what the command line says about findings.
type judged struct {
	detectors  []diagnose.Detector
	thresholds *diagnose.Options
	failOn     *diagnose.Severity // nil without --fail-on
	explain    string             // a detector or list; "" without --explain
}

func (j *judged) parse(detectors, failOn string, thresholds []string) (err error) {
	if j.detectors, err = diagnose.Select(detectors); err != nil {
		return fmt.Errorf("--detectors: %w", err)
	}
	j.thresholds = diagnose.NewOptions()
	for _, t := range thresholds {
		if err := j.thresholds.Set(t); err != nil {
			return fmt.Errorf("--threshold: %w", err)
		}
	}
	if failOn != "" {
		s, err := diagnose.ParseSeverity(failOn)
		if err != nil {
			return fmt.Errorf("--fail-on: %w", err)
		}
		j.failOn = &s
	}
	return nil
}

// verdict is the Output that tells whether a finding is as bad as --fail-on says, or worse.
type verdict struct {
	record.Base
	failOn *diagnose.Severity
	fails  bool
}

// Findings looks through them; see diagnose.Judged.
func (v *verdict) Findings(found []diagnose.Finding) error {
	for i := range found {
		v.fails = v.fails || v.failOn != nil && found[i].Severity >= *v.failOn
	}
	return nil
}

// thisHost is the port range and the addresses of this host, for live captures.
func thisHost() (diagnose.PortRange, func(capture.Addr) bool) {
	limits := host.ReadLimits()
	mine := localAddrs()
	return diagnose.PortRange{Low: limits.PortLow, High: limits.PortHigh}, func(a capture.Addr) bool { return mine[a.Netip()] }
}

// localAddrs are the addresses that this host's interfaces have now.
func localAddrs() map[netip.Addr]bool {
	mine := map[netip.Addr]bool{}
	all, _ := net.InterfaceAddrs()
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			mine[p.Addr().Unmap()] = true
		}
	}
	return mine
}

// explain prints the text on a detector, or the list of all.
func explain(name string, stdout, stderr io.Writer) int {
	text, err := diagnose.Explain(name)
	if err != nil {
		return fail(stderr, fmt.Errorf("--explain: %w", err))
	}
	return printText(stdout, stderr, text)
}
