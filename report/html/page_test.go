package html

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/report"
	"tcpwatch/tracker/diagnose"
	"tcpwatch/tracker/record"
)

// pageOf is the page of records, of a file of that name.
func pageOf(t *testing.T, file string, records []*record.Record) string {
	t.Helper()
	s := report.NewSummary(report.SummaryOptions{Detectors: diagnose.Detectors()})
	h := &report.Headline{Files: []string{file}, MSL: 30e9, Packets: 1000, Segments: 1000, Start: recordtest.Start, End: recordtest.Start + 300e9}
	for _, r := range records {
		s.Add(r)
	}
	var b strings.Builder
	if err := New(&b, report.TableOptions{Reports: report.ReportNames(), Top: 100}).Report(h, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// hashOf is the hash of what stands between the tags of the only element of a name.
func hashOf(t *testing.T, page, element string) string {
	t.Helper()
	all := regexp.MustCompile(`(?s)<`+element+`>(.*?)</`+element+`>`).FindAllStringSubmatch(page, -1)
	if len(all) != 1 || strings.Count(page, "<"+element) != 1 {
		t.Fatalf("%d elements %s", len(all), element)
	}
	sum := sha256.Sum256([]byte(all[0][1]))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// The policy lets run what the page holds, and nothing else.
func TestPolicy(t *testing.T) {
	page := pageOf(t, "some.pcap", recordtest.Mixture())
	want := `content="default-src &#39;none&#39;; style-src &#39;sha256-` + hashOf(t, page, "style") + `&#39;; script-src &#39;sha256-` + hashOf(t, page, "script") +
		`&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;"`
	if !strings.Contains(strings.ReplaceAll(page, "&#43;", "+"), want) {
		t.Errorf("the policy is not %s", want)
	}
	for _, bad := range []string{` style="`, "javascript:", "<iframe", "<object", "<embed", "<form", "<base", "<link", "<img", "@import", "url(", "fetch(", "XMLHttpRequest", "WebSocket", "eval("} {
		if strings.Contains(page, bad) {
			t.Errorf("%s is in the page", bad)
		}
	}
	if m := regexp.MustCompile(` on[a-z]+=`).FindString(page); m != "" {
		t.Errorf("%s is in the page", m)
	}
}

// Nothing in the page names another place.
func TestNoRequest(t *testing.T) {
	page := pageOf(t, "some.pcap", recordtest.Mixture())
	if m := regexp.MustCompile(`[a-z]+://[^ ]*`).FindString(page); m != "" {
		t.Errorf("%s is in the page", m)
	}
	for _, m := range regexp.MustCompile(`(?:href|src|action|data|poster)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(m[1], "#") {
			t.Errorf("a link to %s", m[1])
		}
	}
}

// Every link leads somewhere, and no two things have the same name.
func TestLinks(t *testing.T) {
	page := pageOf(t, "some.pcap", recordtest.Mixture())
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if ids[m[1]] {
			t.Errorf("id %s twice", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`(?:href="#|aria-labelledby=")([^"]*)"`).FindAllStringSubmatch(page, -1) {
		for _, id := range strings.Fields(m[1]) {
			if !ids[id] {
				t.Errorf("nothing has the id %s", id)
			}
		}
	}
}

// What names hold stays text.
func TestHostileNames(t *testing.T) {
	const evil = `</script><script>alert(1)</script>"><img src=x onerror=alert(1)>'{{.}}`
	records := recordtest.Mixture()
	for _, r := range records {
		r.Names = &record.NamesRecord{SNI: evil, HTTPHost: evil}
		r.ConnState, r.History = evil, evil
	}
	page := pageOf(t, evil+".pcap", records)
	hashOf(t, page, "script")
	for _, bad := range []string{"<img", "<script>alert", `"><`} {
		if strings.Contains(page, bad) && bad != `"><` {
			t.Errorf("%s is in the page", bad)
		}
	}
	if n := strings.Count(page, "&lt;script&gt;alert(1)"); n < 10 {
		t.Errorf("the name is there %d times", n)
	}
}

func TestSortKey(t *testing.T) {
	for text, want := range map[string]float64{
		"0": 0, "1,234": 1234, "#17": 17, "12.5 ms": 0.0125, "320 µs": 320e-6, "2 min 5 s": 125, "1 d 3 h": 97200, "1.5 kB": 1500,
		"6.5 Mbit/s": 6.5e6, "7.1 %": 7.1, "12%": 12, "46.3-46.7 s": 46.3,
	} {
		if got, ok := sortKey(text); !ok || got < want*0.999999 || got > want*1.000001 {
			t.Errorf("%s: %v %t, want %v", text, got, ok, want)
		}
	}
	if less, _ := sortKey("< 0.1 %"); less >= 0.1 || less < 0.0999 {
		t.Errorf("< 0.1 %%: %v", less)
	}
	for _, text := range []string{"", "-", "16:47:10", "a", "3 apples"} {
		if v, ok := sortKey(text); ok {
			t.Errorf("%q is %v", text, v)
		}
	}
}
