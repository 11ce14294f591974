package diagnose

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// raisedBesides is what each bundled capture must raise of all other groups. One
// that is not named must raise nothing.
func raisedBesides() map[string][]string {
	return map[string][]string{
		"any-router-sll":                {"capture-copies info likely"},
		"any-router-sll2":               {"capture-copies info likely"},
		"close-wait-leak":               {"still-open info proven"},
		"doubled-on-the-path-at-server": {"capture-copies info likely"},
		"doubled-on-the-path":           {"capture-copies info likely"},
		"ecn-cleared-at-server":         {"ecn-bleached notice likely"},
		"mtu-black-hole-at-server":      {"mtu-black-hole warning possible", "still-open info proven"},
		"mtu-black-hole-probed":         {"mtu-black-hole warning proven"},
		"mtu-black-hole":                {"mtu-black-hole warning likely", "still-open info proven"},
		"small-writes":                  {"nagle-delay notice likely"},
		"fin-never-acked":               {"fin-unacked notice likely"},
		"keepalive-dead-one-way":        {"keepalive-dead notice proven"},
		"keepalive-dead":                {"keepalive-dead notice proven"},
		"middlebox-reset-at-router":     {"capture-copies info likely"},
		"middlebox-silence-at-server":   {"still-open info proven"},
		"middlebox-silence":             {"still-open info proven"},
		"midstream":                     {"capture-midstream info proven"},
		"one-way-client":                {"capture-one-way warning proven"},
		"one-way-server":                {"capture-one-way warning proven", "still-open info possible"},
		"snaplen-96":                    {"capture-cut info proven"},
		"third-ack-never":               {"still-open info proven"},
		"zero-window-at-server":         {"zero-window warning proven"},
		"zero-window":                   {"zero-window warning proven"},
	}
}

// Every bundled capture raises what it should of the groups that judge closes,
// idle times, transfers and the capture itself, and nothing else.
func TestBundledCapturesBesides(t *testing.T) {
	want := raisedBesides()
	for _, path := range captures(t) {
		name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), ".gz"), ".pcap")
		all, c := recordsOf(t, path)
		var got []string
		for _, f := range findingsOf(t, "", c, all...) {
			if !judgedHere(f.Group) {
				got = append(got, fmt.Sprintf("%s %s %s", f.Detector, f.Severity, f.Confidence))
			}
		}
		if !slices.Equal(got, want[name]) {
			t.Errorf("%s raises %q, want %q", name, got, want[name])
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("%s is no bundled capture", name)
	}
}

// The lab's leaks are young: they are told once no age is asked for.
func TestYoungLeaks(t *testing.T) {
	detectors, err := Select("close-wait")
	if err != nil {
		t.Fatal(err)
	}
	o := NewOptions()
	if err := o.Set("close-wait-age=0"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"close-wait-leak": 1, "abort-in-close-wait": 1, "fin-never-acked": 0, "keepalive-dead": 0} {
		all, c := recordsOf(t, filepath.Join(bundled, name+".pcap"))
		s := NewSet(detectors, o)
		for _, r := range all {
			s.Add(r)
		}
		if found := s.Findings(c); len(found) != want || want > 0 && found[0].Subject.A.Port != 80 {
			t.Errorf("%s: %+v", name, found)
		}
	}
}
