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
		"close-wait-minute":             {"close-wait notice likely"},
		"crowd-one-way":                 {"capture-one-way warning proven"},
		"doubled-on-the-path":           {"capture-copies info likely"},
		"doubled-on-the-path-at-server": {"capture-copies info likely"},
		"ecn-cleared-at-server":         {"ecn-bleached notice likely"},
		"fin-never-acked":               {"fin-unacked notice likely"},
		"fin-wait-2-held":               {"close-wait notice likely", "fin-wait-2 notice likely"},
		"half-close-stuck":              {"half-close notice possible"},
		"idle-forgotten":                {"idle-timeout warning possible"},
		"idle-forgotten-one":            {"keepalive-missing notice likely"},
		"idle-race":                     {"idle-race notice possible"},
		"keepalive-dead":                {"keepalive-dead notice proven"},
		"keepalive-dead-one-way":        {"keepalive-dead notice proven"},
		"last-ack-never":                {"last-ack notice possible"},
		"last-ack-unheard-at-server":    {"last-ack notice likely"},
		"lossy":                         {"loss warning likely", "capture-cut info proven"},
		"middlebox-reset-at-router":     {"capture-copies info likely"},
		"middlebox-silence":             {"fell-silent notice possible", "still-open info proven"},
		"middlebox-silence-at-server":   {"still-open info proven"},
		"midstream":                     {"capture-midstream info proven"},
		"mss-clamped":                   {"mss-clamped info likely"},
		"mtu-black-hole":                {"mtu-black-hole warning likely", "still-open info proven"},
		"mtu-black-hole-at-server":      {"mtu-black-hole warning possible", "still-open info proven"},
		"mtu-black-hole-probed":         {"mtu-black-hole warning proven"},
		"numbers-rewritten":             {"sack-rewritten warning likely", "capture-cut info proven"},
		"numbers-rewritten-no-sack":     {"capture-cut info proven"},
		"queue-full-unanswered":         {"still-open info proven"},
		"one-port-to-two-addresses":     {"capture-midstream info proven"},
		"two-addresses-one-target":      {"still-open info proven"},
		"untranslated-answer":           {"capture-midstream info proven"},
		"one-way-client":                {"capture-one-way warning proven"},
		"one-way-server":                {"capture-one-way warning proven"},
		"overtaken-at-server":           {"capture-cut info proven"},
		"path-mtu":                      {"capture-cut info proven"},
		"paws-refused-at-server":        {"timestamps-refused warning proven"},
		"sack-stripped":                 {"option-stripped notice possible"},
		"slow-sender":                   {"capture-cut info proven"},
		"small-window":                  {"capture-cut info proven"},
		"small-writes":                  {"nagle-delay notice likely"},
		"snaplen-96":                    {"capture-cut info proven"},
		"sudden-delay":                  {"capture-cut info proven"},
		"syn-flood-one-way":             {"capture-one-way info proven"},
		"third-ack-never":               {"still-open info proven"},
		"window-update-unheard":         {"window-not-taken warning likely", "capture-cut info proven"},
		"deep-queue":                    {"queueing notice likely", "capture-cut info proven"},
		"scale-ignored":                 {"window-scale-ignored critical likely", "capture-cut info proven"},
		"upload":                        {"capture-cut info proven"},
		"upload-capture-drops":          {"capture-drops warning proven", "capture-cut info proven"},
		"upload-offload":                {"capture-cut info proven", "capture-offload info proven"},
		"vanished":                      {"vanished notice likely"},
		"only-syn-passes":               {"still-open info proven"},
		"very-lossy":                    {"retx-storm warning likely", "capture-cut info proven"},
		"zero-window":                   {"zero-window warning proven"},
		"zero-window-at-server":         {"zero-window warning proven"},

		// After public reports, two by two.
		"connection-limit":               {"still-open info proven"},
		"cookies-take-options-at-server": {"option-stripped notice possible"},
		"queue-full-while-open":          {"still-open info proven"},
		"scaling-stripped":               {"option-stripped notice possible"},
		"upload-crashes":                 {"capture-cut info proven"},
		"upload-refused":                 {"capture-cut info proven"},
		"failover-without-reset":         {"fell-silent warning likely", "still-open info proven"},
		"large-answers-lost":             {"mtu-black-hole warning possible", "still-open info proven"},
		"routing-loop":                   {"capture-copies info likely"},
		"way-cut":                        {"still-open info proven"},
		"half-close-not-kept":            {"half-close-unkept notice possible"},
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
