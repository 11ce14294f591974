package compare

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"tcpwatch/report/schema"
	"tcpwatch/tracker/record"
)

// made is a fold of n connections, of which f makes what they are.
func made(name string, n int, f func(i int, c *conn)) *Fold {
	fold := NewFold(name)
	for i := range n {
		c := &conn{respIP: "192.0.2.2", respPort: 80}
		c.openKind, c.closeKind = "handshake", "normal"
		c.ends[0].packets, c.ends[1].packets = 10, 10
		if f != nil {
			f(i, c)
		}
		fold.add(c)
	}
	fold.Stats(&schema.ReadStats{Span: 60})
	return fold
}

// verdicts are the verdicts of a comparison, by measure.
func verdicts(r *Result) map[string]Verdict {
	all := map[string]Verdict{}
	for _, row := range r.Rows {
		all[row.Measure] = row.Verdict
	}
	return all
}

func every(n int, what func(c *conn)) func(int, *conn) {
	return func(i int, c *conn) {
		if i%n == 0 {
			what(c)
		}
	}
}

func TestVerdicts(t *testing.T) {
	felt := func(s float64) func(int, *conn) {
		return func(i int, c *conn) {
			c.felt = record.Some(int64(s * (1 + float64(i%10)/100) * 1e9))
		}
	}
	refuse := func(c *conn) { c.openKind = "refused" }
	reset := func(c *conn) { c.closeKind = "reset" }
	storm := func(c *conn) { c.ends[0].retx = 9 }
	hold := func(c *conn) { c.holder = "orig" }
	for _, tt := range []struct {
		name    string
		a, b    *Fold
		measure string
		want    Verdict
	}{
		{"the same", made("a", 1000, every(10, reset)), made("b", 1000, every(10, reset)), "resets", Same},
		{"more refusals", made("a", 1000, every(100, refuse)), made("b", 1000, every(20, refuse)), "failed opens", Worse},
		{"by cause", made("a", 1000, every(100, refuse)), made("b", 1000, every(20, refuse)), "failed opens: refused", Worse},
		{"fewer refusals", made("a", 1000, every(20, refuse)), made("b", 1000, every(100, refuse)), "failed opens", Better},
		{"more load, equal share", made("a", 100, every(10, reset)), made("b", 10000, every(10, reset)), "resets", Same},
		{"few connections", made("a", 3, nil), made("b", 3, every(2, reset)), "resets", Noise},
		{"a single case", made("a", 100, nil), made("b", 100, every(100, reset)), "resets", Noise},
		{"from none", made("a", 1000, nil), made("b", 1000, every(20, reset)), "resets", Worse},
		{"all of one connection's", made("a", 100, nil), made("b", 100, every(100, storm)), "packets sent again", Noise},
		{"of many connections", made("a", 1000, nil), made("b", 1000, every(10, storm)), "packets sent again", Worse},
		{"slower", made("a", 1000, felt(0.010)), made("b", 1000, felt(0.020)), "felt time p50", Worse},
		{"slower, below the threshold", made("a", 1000, felt(0.010)), made("b", 1000, felt(0.0105)), "felt time p50", Same},
		{"slower, by microseconds", made("a", 1000, felt(10e-6)), made("b", 1000, felt(20e-6)), "felt time p50", Same},
		{"slower, two connections", made("a", 2, felt(0.010)), made("b", 2, felt(0.020)), "felt time p99", Noise},
		{"nobody connects", made("a", 0, nil), made("b", 10, nil), "failed opens", Unjudged},
		{"TIME-WAITs", made("a", 1000, every(10, hold)), made("b", 1000, every(2, hold)), "TIME-WAIT entered", Worse},
		{"more load", made("a", 10, nil), made("b", 1000, nil), "connections a second", Unjudged},
	} {
		r := Compare(tt.a, tt.b, Options{})
		if got := verdicts(r)[tt.measure]; got != tt.want {
			t.Errorf("%s: %s is %q, want %q: %+v", tt.name, tt.measure, got, tt.want, r.Rows)
		}
		if r.Worse() != strings.Contains(fmt.Sprint(verdicts(r)), "worse") {
			t.Errorf("%s: Worse() is %t", tt.name, r.Worse())
		}
	}
}

// Two samples of the same are called worse about as often as the rule says.
func TestChanceAlone(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	sample := func() *Fold {
		return made("x", 500, func(_ int, c *conn) {
			if random.Float64() < 0.05 {
				c.closeKind = "reset"
			}
			if random.Float64() < 0.1 {
				c.ends[0].retx = uint64(random.IntN(8))
			}
			c.felt = record.Some(int64(math.Exp(random.NormFloat64()) * 1e7))
		})
	}
	wrong := 0
	for range 400 {
		for _, v := range verdicts(Compare(sample(), sample(), Options{})) {
			if v == Worse {
				wrong++
			}
		}
	}
	// Five measures that vary, each wrong once in 700: 3 expected.
	if wrong > 12 {
		t.Errorf("chance alone made it worse %d times in 400", wrong)
	}
}

// The two-proportion z of a textbook: 15 of 100 against 25 of 100.
func TestShareErrors(t *testing.T) {
	a, b := counted(15, 100), counted(25, 100)
	if z := shareErrors(&a, &b); math.Abs(z-1.7678) > 0.01 {
		t.Errorf("z is %f", z)
	}
	var x, y share
	for i := range 100 {
		x.hit(i < 15)
		y.hit(i < 25)
	}
	if x != a || y != b {
		t.Errorf("%+v, %+v", x, a)
	}
	if z := rateErrors(100, 10, 130, 10); math.Abs(z-1.978) > 0.01 {
		t.Errorf("z of rates is %f", z)
	}
}

func TestListeners(t *testing.T) {
	at := func(i int, c *conn) {
		c.respPort = uint64(8000 + i%20)
	}
	a := made("a", 4000, at)
	b := made("b", 4000, func(i int, c *conn) {
		if at(i, c); i%20 < 12 && i%40 < 20 {
			c.openKind = "no-answer"
		}
		if i%20 == 19 {
			c.respPort = 9000
		}
	})
	r := Compare(a, b, Options{Top: 3})
	if r.Changed != 12 || len(r.OnlyA) != 1 || len(r.OnlyB) != 1 {
		t.Errorf("%d changed, %q only in A, %q only in B", r.Changed, r.OnlyA, r.OnlyB)
	}
	told := map[string]bool{}
	for _, row := range r.Listeners {
		told[row.Listener] = true
		if row.Verdict != Worse {
			t.Errorf("%+v", row)
		}
	}
	if len(told) != 3 {
		t.Errorf("told of %v", told)
	}
	many := NewFold("many")
	for i := range maxListeners + 7 {
		many.add(&conn{respIP: fmt.Sprintf("10.%d.%d.1", i>>8, i&255)})
	}
	if len(many.listeners) != maxListeners || many.elsewhere != 7 {
		t.Errorf("%d servers, %d elsewhere", len(many.listeners), many.elsewhere)
	}
}

func TestFindings(t *testing.T) {
	a, b := made("a", 10, nil), made("b", 10, nil)
	for _, x := range []struct {
		fold     *Fold
		id, how  string
		severity string
		n        uint64
	}{
		{a, "stays", "", "warning", 10}, {b, "stays", "", "warning", 10},
		{a, "grows", "", "warning", 10}, {b, "grows", "", "warning", 60},
		{a, "grows a little", "", "info", 10}, {b, "grows a little", "", "info", 60},
		{a, "goes", "", "critical", 10},
		{b, "comes", "", "critical", 1},
		{b, "comes, harmless", "", "notice", 100},
	} {
		x.fold.Finding(&schema.ReadFinding{ID: x.id, Severity: x.severity, Title: "title of " + x.id, Count: x.n})
	}
	r := Compare(a, b, Options{})
	var got []string
	for _, f := range r.Findings {
		got = append(got, fmt.Sprintf("%s: %s %s", f.ID, f.Change, f.Verdict))
	}
	want := []string{"grows: grown worse", "comes: new worse", "comes, harmless: new unjudged", "grows a little: grown unjudged",
		"stays: same same", "goes: gone better"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	var text strings.Builder
	if err := r.WriteTable(&text, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"  new     critical: title of comes (1, was 0)", "Worse: grown finding title of grows; new finding title of comes."} {
		if !strings.Contains(text.String(), line+"\n") {
			t.Errorf("no line %q in\n%s", line, text.String())
		}
	}
}

// Nothing from an input reaches the terminal as it is, and each line of JSON is an object.
func TestOutputsAreHarmless(t *testing.T) {
	a, b := made("a\x1b[2J", 10, nil), made("b\u202e", 10, nil)
	b.Finding(&schema.ReadFinding{ID: "\x1b", Title: "\x1b]0;x\x07\n", Severity: "critical\x9b"})
	b.Stats(&schema.ReadStats{Where: "\x1b", KernelDrops: 3, Evicted: 1, Damaged: true, Span: math.MaxFloat64})
	r := Compare(a, b, Options{})
	var text, lines strings.Builder
	if err := r.WriteTable(&text, TableOptions{ASCII: true}); err != nil {
		t.Fatal(err)
	}
	if err := r.WriteJSONL(&lines); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(text.String()+lines.String(), "\x1b\x07\u009b\u202e") {
		t.Errorf("%q", text.String()+lines.String())
	}
	for line := range strings.Lines(lines.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("%q", line)
		}
	}
}
