package report

import (
	"bytes"
	"strings"
	"testing"
)

// readBack keeps what was read back.
type readBack struct {
	conns    []*ReadConn
	findings []*ReadFinding
	stats    []*ReadStats
}

func (k *readBack) Conn(c *ReadConn)       { k.conns = append(k.conns, c) }
func (k *readBack) Finding(f *ReadFinding) { k.findings = append(k.findings, f) }
func (k *readBack) Stats(s *ReadStats)     { k.stats = append(k.stats, s) }

// What JSON Lines writes is read back.
func TestReadBack(t *testing.T) {
	r := specimen(true).Record
	var b bytes.Buffer
	j := NewJSONL(&b, JSONOptions{Transitions: true})
	j.Conn(r)
	j.Stats(&Headline{Packets: 7, Start: 1e9, End: 3e9}, NewSummary(SummaryOptions{}))
	j.Flush()
	b.WriteString(`{"type":"finding","id":"x y","severity":"warning","title":"t","count":3,"new":[1]}` + "\n\n" + `{"type":"later"}`)
	var k readBack
	if err := ReadJSONL(&b, "f", &k); err != nil {
		t.Fatal(err)
	}
	if len(k.conns) != 1 || len(k.findings) != 1 || len(k.stats) != 1 {
		t.Fatalf("%d connections, %d findings, %d stats", len(k.conns), len(k.findings), len(k.stats))
	}
	c := k.conns[0]
	if c.ID != 1 || c.RespPort != 1 || c.Open.Kind != "handshake" || *c.Open.Felt != 1e-9 || c.Close.Kind != "never-opened" || c.TimeWait.Holder != "resp" ||
		c.Keepalive.Outcome != "alive" || c.Orig.Packets != 1 || c.Resp.Retx != 1 || *c.Resp.RTT != 1e-9 || c.Start.UnixNano() != 1 || *c.Final {
		t.Errorf("%+v", c)
	}
	if s := k.stats[0]; s.Packets != 7 || s.Span != 2 {
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
		err := ReadJSONL(strings.NewReader(tt.text), "f", &readBack{})
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, want %s", tt.text, err, tt.want)
		}
	}
}

func FuzzReadBack(f *testing.F) {
	f.Add([]byte(`{"type":"conn","id":1,"open":{"felt_s":0.5},"start":"2026-01-01T00:00:00.000000001Z"}`))
	f.Add([]byte("{\"type\":\"stats\",\"time_wait_peak\":[{\"peak\":3}]}\n{"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := ReadJSONL(bytes.NewReader(b), "f", &readBack{}); err != nil && strings.ContainsAny(err.Error(), "\n\x1b") {
			t.Errorf("%q", err)
		}
	})
}
