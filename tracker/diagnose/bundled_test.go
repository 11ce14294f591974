package diagnose

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// raised is what each bundled capture must raise, of the groups that judge
// opening, closing by RST and attacks: "detector severity confidence". One
// that is not named must raise nothing.
func raised() map[string][]string {
	return map[string][]string{
		"abort-in-close-wait":              {"reset-abort info likely"},
		"abort-linger-0":                   {"reset-abort notice likely"},
		"abort-linger-0-at-server":         {"reset-abort notice likely"},
		"aborts-many":                      {"reset-abort notice likely"},
		"accept-queue-abort":               {"queue-full warning likely"},
		"accept-queue-full":                {"syn-lost notice possible"},
		"accept-queue-overflow":            {"queue-full notice possible"},
		"accept-queue-overflow-at-server":  {"queue-full notice possible"},
		"challenge-ack-rst-at-server":      {"reset-ignored notice likely"},
		"close-with-unread-data":           {"reset-abort notice likely"},
		"closed-at-once":                   {"closed-at-once warning likely"},
		"closed-unread-by-server":          {"reset-unread notice likely"},
		"crowd-unanswered":                 {"no-answer critical possible"},
		"data-after-close":                 {"reset-late-data notice likely"},
		"deferred-accept":                  {"queue-full notice possible"},
		"deferred-accept-at-server":        {"queue-full notice possible"},
		"ecn-syns-dropped":                 {"syn-lost warning likely"},
		"health-checks":                    {"health-check info likely"},
		"health-checks-at-server":          {"health-check info likely"},
		"only-syn-passes":                  {"only-syn-passes warning likely"},
		"only-syn-passes-at-server":        {"only-syn-passes warning likely"},
		"deferred-accept-many":             {"queue-full notice possible"},
		"deferred-accept-many-at-server":   {"queue-full notice possible"},
		"doubled-on-the-path":              {"reset-harmless info proven"},
		"doubled-on-the-path-at-server":    {"reset-harmless info proven"},
		"fin-wait-2-late-close":            {"reset-late-data info likely"},
		"fin-wait-2-orphan":                {"reset-late-data notice likely"},
		"host-restart":                     {"stale-connection notice proven"},
		"host-restart-at-server":           {"stale-connection notice proven"},
		"icmp-admin-prohibited":            {"unreachable notice proven"},
		"icmp-port-unreachable":            {"unreachable notice proven"},
		"icmp-soft-error":                  {"unreachable notice proven"},
		"icmp6-admin-prohibited":           {"unreachable notice proven"},
		"keepalive-dead-one-way-at-server": {"reset-abort notice likely"},
		"middlebox-reset":                  {"reset-injected warning likely"},
		"middlebox-reset-at-router":        {"reset-injected notice possible"},
		"middlebox-reset-at-server":        {"reset-injected warning likely"},
		"middlebox-reset-one-end":          {"reset-injected warning likely"},
		"no-answer":                        {"no-answer notice possible"},
		"old-duplicate":                    {"reset-harmless info proven"},
		"old-duplicate-at-server":          {"reset-harmless info proven"},
		"one-port-to-two-addresses":        {"reset-bare notice possible"},
		"untranslated-answer":              {"untranslated warning likely"},
		"opener-aborts":                    {"abandoned notice likely"},
		"opener-aborts-at-server":          {"abandoned notice likely"},
		"port-scan":                        {"port-scan warning likely"},
		"refused":                          {"refused notice proven"},
		"refused-again":                    {"refused critical proven"},
		"refused-at-server":                {"refused notice proven"},
		"refused-by-firewall":              {"refused notice proven"},
		"server-forgets":                   {"reset-forgotten notice likely"},
		"server-forgets-at-server":         {"reset-forgotten notice likely"},
		"slow-answer":                      {"slow-handshake warning likely"},
		"syn-ack-lost":                     {"syn-ack-lost notice likely"},
		"syn-ack-lost-at-server":           {"syn-ack-lost notice likely"},
		"syn-acks-lost-at-server":          {"half-open notice proven"},
		"syn-flood-at-server":              {"syn-flood critical likely"},
		"syn-flood-one-way":                {"backscatter notice likely"},
		"syn-lost":                         {"syn-lost notice possible"},
		"syns-with-cookies-at-server":      {"half-open notice possible", "syn-cookies notice possible"},
		"syns-without-cookies-at-server":   {"half-open warning likely"},
		"third-ack-lost":                   {"queue-full notice possible"},
		"third-ack-lost-at-server":         {"syn-ack-lost notice likely"},
		"third-ack-never":                  {"queue-full notice possible"},
		"time-wait-reset-at-server":        {"reset-harmless info proven"},
		"time-wait-reuse":                  {"closed-at-once notice likely"},
		"time-wait-stale-syn":              {"reuse-refused notice proven", "closed-at-once notice likely"},
		"time-wait-storm-by-server":        {"closed-at-once warning likely"},

		"port-reused-early":           {"stale-connection notice proven", "reset-late-data info likely"},
		"port-reused-early-at-server": {"stale-connection notice proven", "reset-late-data info likely"},
		"port-reused-early-refused":   {"refused warning likely"},

		// Through a router that translates addresses.
		"one-port-for-two":                    {"syn-lost warning likely"},
		"ports-for-two":                       {"syn-lost warning possible"},
		"shared-address-timestamps-at-server": {"no-answer warning likely"},
		"shared-address-lost-at-server":       {"no-answer warning possible"},
		"two-addresses-one-target":            {"shared-tuple warning likely"},
		"two-addresses-one-target-at-server":  {"port-collision warning likely"},

		// After public reports, two by two.
		"age-limit":                      {"reset-unread notice likely"},
		"all-reset-at-once":              {"reset-unread notice likely"},
		"connection-limit":               {"syn-lost notice possible"},
		"cookies-take-options-at-server": {"syn-flood critical likely"},
		"host-not-found":                 {"unreachable warning proven"},
		"queue-full-while-open":          {"syn-lost notice possible"},
		"unsigned-unanswered":            {"no-answer warning proven"},
		"upload-crashes":                 {"reset-unread warning likely"},
		"upload-refused":                 {"reset-abort notice likely"},
		"way-cut":                        {"no-answer warning likely"},
		"queue-full-unanswered":          {"no-answer warning possible"},
		"client-cancels":                 {"gave-up-waiting notice possible"},
		"client-gives-up":                {"gave-up-waiting notice likely"},
		"fast-open-dropped":              {"syn-lost warning likely"},
		"listener-restarts":              {"refused warning likely"},
		"one-backend-refuses":            {"refused warning likely"},
		"signature-wrong":                {"no-answer warning possible"},
		"routing-loop":                   {"no-answer warning proven"},
	}
}

// judgedHere are the groups that raised speaks of.
func judgedHere(g Group) bool {
	return slices.Contains([]Group{GroupOpen, GroupQueue, GroupHandshake, GroupTimeWait, GroupReset, GroupAttack}, g)
}

// Every bundled capture raises what it should, and nothing else.
func TestBundledCaptures(t *testing.T) {
	want := raised()
	for _, path := range captures(t) {
		name := strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), ".gz"), ".pcap")
		all, c := recordsOf(t, path)
		var got []string
		for _, f := range findingsOf(t, "", c, all...) {
			if judgedHere(f.Group) {
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
