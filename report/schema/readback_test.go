package schema

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
)

// readBack keeps what was read back.
type readBack struct {
	conns    []string // id and time to open
	id, felt string
	findings []*ReadFinding
	stats    []*ReadStats
}

func (k *readBack) Columns() []Column {
	return []Column{
		{Name: "id", Take: func(v Value) { k.id = v.Text() }},
		{Name: "open.felt_s", Take: func(v Value) { k.felt = v.Text() }},
		{Name: "orig.packets", Take: func(Value) {}},
		{Name: "start", Take: func(Value) {}},
	}
}
func (k *readBack) Conn()                  { k.conns = append(k.conns, k.id+" "+k.felt) }
func (k *readBack) Finding(f *ReadFinding) { k.findings = append(k.findings, f) }
func (k *readBack) Stats(s *ReadStats)     { k.stats = append(k.stats, s) }

// What JSON Lines writes is read back.
func TestReadBack(t *testing.T) {
	r := recordtest.Full(true)
	b := bytes.NewBuffer(NewJSON(Options{Transitions: true}).AppendConn(nil, r))
	b.WriteString(`{"type":"stats","packets":7,"span_s":2,"time_wait_peak":[{"holder":"10.0.0.1","peak":3}]}` + "\n")
	b.WriteString(`{"type":"finding","id":"x y","severity":"warning","title":"t","count":3,"new":[1]}` + "\n\n" + `{"type":"later"}`)
	var k readBack
	if _, err := ReadJSONL(bytes.NewReader(b.Bytes()), "f", &k); err != nil {
		t.Fatal(err)
	}
	if len(k.conns) != 1 || len(k.findings) != 1 || len(k.stats) != 1 {
		t.Fatalf("%d connections, %d findings, %d stats", len(k.conns), len(k.findings), len(k.stats))
	}
	if c := k.conns[0]; c != "1 0.000000001" {
		t.Errorf("%q", c)
	}
	if s := k.stats[0]; s.Packets != 7 || s.Span != 2 || len(s.TimeWaitPeaks) != 1 || s.TimeWaitPeaks[0].Peak != 3 {
		t.Errorf("%+v", s)
	}
	if f := k.findings[0]; f.ID != "x y" || f.Count != 3 {
		t.Errorf("%+v", f)
	}
}

func TestReadBackRefuses(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"nonsense", "f: line 1: not JSON: "},
		{`{"type":"conn"`, "f: line 1: not JSON: unexpected end"},
		{`{"type":"stats"}` + "\n[1]", "f: line 2: array, not an object"},
		{`{"a":1}`, "f: line 1: an object without a type"},
		{`{"type":"conn","orig":{"packets":-1}}`, "f: line 1: orig.packets cannot be number -1"},
		{`{"type":"conn","start":"yesterday"}`, "f: line 1: parsing time "},
		{`{"type":"conn","open":7}`, "f: line 1: open cannot be number"},
	} {
		_, err := ReadJSONL(strings.NewReader(tt.text), "f", &readBack{})
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %s", tt.text, err, tt.want)
		}
	}
}

// Of each connection the record that counts is handed on, once.
func TestReadBackOnce(t *testing.T) {
	conn := func(uid string, final string, revision int, id int) string {
		return fmt.Sprintf(`{"type":"conn","id":%d,"uid":"%s"%s,"revision":%d,"open":{"felt_s":%d}}`+"\n", id, strings.Repeat(uid, 32), final, revision, revision)
	}
	const interim = `,"final":false`
	text := conn("a", interim, 1, 1) + conn("b", "", 3, 2) + conn("a", interim, 2, 1) + conn("b", interim, 2, 2) + conn("a", interim, 1, 1) + conn("b", "", 3, 2) +
		`{"type":"conn","id":9}` + "\n" + `{"type":"conn","id":9}` + "\n" + `{"type":"conn","id":9,"final":false}` + "\n"
	var k readBack
	told, err := ReadJSONL(strings.NewReader(text), "f", &k)
	if got := strings.Join(k.conns, ", "); err != nil || got != "2 3, 9 , 9 , 1 2" {
		t.Errorf("%v: %s", err, got)
	}
	if want := []string{"no final record of 1 connection: the last interim one counts", "1 final record came again, by uid: left out"}; !slices.Equal(told, want) {
		t.Errorf("told %q", told)
	}
}

func FuzzReadBack(f *testing.F) {
	f.Add([]byte(`{"type":"conn","id":1,"open":{"felt_s":0.5},"start":"2026-01-01T00:00:00.000000001Z"}`))
	f.Add([]byte("{\"type\":\"stats\",\"time_wait_peak\":[{\"peak\":3}]}\n{"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := ReadJSONL(bytes.NewReader(b), "f", &readBack{}); err != nil && strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%q", err)
		}
	})
}
