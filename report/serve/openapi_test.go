package serve

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"tcpwatch/internal/recordtest"
	"tcpwatch/tracker/record"
)

var update = flag.Bool("update", false, "write openapi.json anew")

func ref(name string) object { return object{"$ref": "#/components/schemas/" + name} }

// closed is an object that has these properties and no others.
func closed(properties object, required ...string) object {
	o := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		o["required"] = required
	}
	return o
}

func listed(of object) object { return object{"type": "array", "items": of} }

var (
	text   = object{"type": "string"}
	number = object{"type": "integer"}
	span   = object{"type": "number"}
	truth  = object{"type": "boolean"}
	stamp  = object{"type": "string", "format": "date-time"}
	counts = object{"type": "object", "additionalProperties": number}
)

// answers are the properties of an answer that begins with when it is of.
func answers(properties object) object {
	for name, s := range map[string]object{"at": described(stamp, "packet time; absent while none is known"), "live": described(truth, "packets are captured now"),
		"ended": described(truth, "all is read"), "partial": described(truth, "some connections were not looked at yet: counts are too small")} {
		properties[name] = s
	}
	required := []string{"live", "ended", "partial"}
	for name := range properties {
		if name != "at" && !slices.Contains(required, name) {
			required = append(required, name)
		}
	}
	slices.Sort(required)
	return closed(properties, required...)
}

func described(s object, words string) object {
	s = maps.Clone(s)
	s["description"] = words
	return s
}

func schemas() object {
	finding := closed(object{"type": object{"const": "finding"}, "id": text, "detector": text, "severity": object{"enum": []string{"critical", "warning", "notice", "info"}},
		"confidence": object{"enum": []string{"proven", "likely", "possible"}}, "title": text, "explanation": text, "causes": listed(text), "causes_order": text, "advice": text, "subject": text, "subject_kind": text,
		"count": number, "at_least": described(truth, "there were too many subjects to count all of this one"), "open": number, "conns": listed(number), "packets": listed(number), "since": stamp, "until": stamp,
		"state": object{"enum": []string{"open", "resolved"}}, "at": stamp, "resolved_at": stamp},
		"type", "id", "detector", "severity", "confidence", "title", "causes", "advice", "subject", "count", "conns", "packets", "state", "at")
	stats := closed(object{"type": object{"const": "stats"}, "packets": number, "tcp_segments": number, "conns": number, "anonymous": truth, "where": text, "left_out": number,
		"skipped": counts, "anomalies": counts, "limits": counts, "kernel_drops": number, "interface_drops": number, "evicted": number, "evicted_by": counts, "unnamed": number,
		"files": listed(text), "time_wait_peak": listed(closed(object{"holder": text, "peak": number, "at": stamp}, "holder", "peak", "at")), "span_s": span,
		"untimed": number, "misstamped": number, "clock_steps": number, "gaps": number, "uncovered_s": span, "damaged": truth, "schema": described(number, "version of the record"),
		"run": object{"type": "object", "description": "what else a report tells of the run"}},
		"type", "packets", "tcp_segments", "conns")
	server := closed(object{"server": described(text, "its address and port"), "opened": described(number, "handshakes that were completed"), "failed": number,
		"opening": described(number, "attempts that may yet succeed"), "waiting": described(number, "of those, those whose SYN or SYN/ACK was sent again"),
		"syns_again": described(number, "SYNs and SYN/ACKs that were retransmitted"), "resets": described(number, "connections that a RST ended"), "at_least": described(truth, "there were too many servers to count all of this one"),
		"felt_p99_s": described(span, "the 99th percentile of the felt time; absent where none is known"), "why": described(text, "why attempts failed, with counts")},
		"server", "opened", "failed", "opening", "waiting", "syns_again", "resets")
	rung := closed(object{"packet": described(number, "absent for an edge that time drove"), "time_s": described(text, "since the first row"),
		"states": object{"type": "array", "items": text, "minItems": 2, "maxItems": 2, "description": "of the client and the server, where they change"}, "from": object{"enum": []string{"orig", "resp"}},
		"label": text, "beside": text, "words": listed(text), "gap": described(text, "what was left out; nothing else is in the row then")})
	return object{
		"Error":   closed(object{"error": described(text, "one line: what is wrong, and the way out")}, "error"),
		"Finding": finding, "Stats": stats, "Server": server, "Connection": object{}, "Rung": rung,
		"Headline": answers(object{"input": described(text, "the interface or the files"), "open": number, "time_wait": number, "opened": number, "failed": number, "closed": number, "reset": number, "stats": ref("Stats")}),
		"Findings": answers(object{"findings": listed(ref("Finding"))}),
		"Servers":  answers(object{"of": described(number, "servers in all"), "servers": listed(ref("Server"))}),
		"Connections": answers(object{"matching": described(number, "connections to choose from, of those that are held or kept"), "forgotten": described(number, "connections that ended and are not kept"),
			"connections": listed(ref("Connection"))}),
		"Drawn": closed(object{"connection": ref("Connection"), "ladder": closed(object{"whole": described(truth, "it is drawn from its first packet on; else what came after somebody asked"), "rows": listed(ref("Rung"))}, "whole", "rows")}, "connection", "ladder"),
	}
}

func parameter(in, name, words string, s object) object {
	return object{"name": name, "in": in, "description": words, "required": in == "path", "schema": s}
}

// openAPIWanted is openapi.json as it is to be.
func openAPIWanted() string {
	limit := parameter("query", "limit", "how many at most", object{"type": "integer", "minimum": 1, "maximum": mostRows, "default": 100})
	paths := object{}
	for _, x := range []struct {
		path, id, summary, answer string
		parameters                []object
		errors                    []string
	}{
		{"/api/v1/headline", "headline", "what is known of the run as a whole", "Headline", nil, nil},
		{"/api/v1/findings", "findings", "what is wrong", "Findings", []object{parameter("query", "of",
			"now: what is wrong now, and was and is resolved; run: the findings of the whole run, as the report would have them", object{"enum": []string{"now", "run"}, "default": "now"})}, []string{"400"}},
		{"/api/v1/servers", "servers", "the servers, those first at which opening goes worst", "Servers", []object{limit}, []string{"400"}},
		{"/api/v1/connections", "connections", "connections, as JSON Lines have them", "Connections", []object{limit,
			parameter("query", "sort", "as --sort: id, start, end, duration, bytes, packets, felt or any field, a minus before it turns the order around", object{"type": "string", "default": "id"}),
			parameter("query", "where", "as --where, without ranges, variables, patterns and more than one walk over a list", object{"type": "string", "maxLength": longestWhere})}, []string{"400"}},
		{"/api/v1/connections/{id}", "connection", "a connection with its ladder", "Drawn", []object{parameter("path", "id", "its number", object{"type": "integer", "minimum": 1})}, []string{"400", "404"}},
	} {
		responses := object{"200": object{"description": x.summary, "content": object{"application/json": object{"schema": ref(x.answer)}}}}
		for status, words := range map[string]string{"400": "a parameter is wrong", "401": "the token is missing", "403": "asked for by a page of another site", "404": "there is none",
			"405": "a method other than GET and HEAD", "421": "the Host is a name", "503": "not now: ask again"} {
			if status == "400" || status == "404" {
				if !slices.Contains(x.errors, status) {
					continue
				}
			}
			responses[status] = object{"description": words, "content": object{"application/json": object{"schema": ref("Error")}}}
		}
		get := object{"operationId": x.id, "summary": x.summary, "responses": responses}
		if x.parameters != nil {
			get["parameters"] = x.parameters
		}
		paths[x.path] = object{"get": get}
	}
	b, err := json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info":    object{"title": "tcpwatch --http", "version": "1", "description": "What tcpwatch shows of a run while it goes on. Nothing can be started or written through it. Texts from the wire are escaped as in JSON Lines."},
		"servers": []object{{"url": "/"}},
		"paths":   paths,
		"components": object{"schemas": schemas(), "securitySchemes": object{"token": object{"type": "http", "scheme": "bearer",
			"description": "only where the server listens at an address that others can reach"}}},
		"security": []object{{}, {"token": []string{}}},
	}, "", " ")
	if err != nil {
		panic(err)
	}
	return string(b) + "\n"
}

// The file describes what there is; go test -update writes it anew.
func TestOpenAPI(t *testing.T) {
	recordtest.Golden(t, "openapi.json", openAPIWanted(), *update)
}

// What is answered is what openapi.json says, errors too; and it tells of all there is.
func TestAnswersAreDescribed(t *testing.T) {
	p := play(t, "127.0.0.1:0", "")
	p.mu.Lock()
	full := recordtest.Full(false)
	full.ID = 1000
	p.records = append(p.records, full)
	p.mu.Unlock()
	status, body := p.get(t, "/api/v1/openapi.json")
	var doc struct {
		Openapi string
		Paths   map[string]map[string]struct {
			Responses map[string]struct {
				Content map[string]struct{ Schema object }
			}
		}
		Components struct{ Schemas object }
	}
	if err := json.Unmarshal([]byte(body), &doc); err != nil || status != 200 || doc.Openapi != "3.1.0" {
		t.Fatalf("status %d: %v", status, err)
	}
	asked := map[string]bool{}
	for _, x := range []struct {
		path, request, want string
		status              int
	}{
		{"/api/v1/headline", "", `"input":"eth<0>"`, 200},
		{"/api/v1/findings", "", `"severity":"`, 200},
		{"/api/v1/findings", "?of=run", `"state":"open"`, 200},
		{"/api/v1/findings", "?of=x", "of=x: now or run", 400},
		{"/api/v1/servers", "", `"server":"`, 200},
		{"/api/v1/servers", "?limit=1", `"of":`, 200},
		{"/api/v1/servers", "?limit=0", "limit=0: from 1 to 1000", 400},
		{"/api/v1/connections", "?limit=1000", `"id":1000,`, 200},
		{"/api/v1/connections", "?limit=1001", "from 1 to 1000", 400},
		{"/api/v1/connections", "?sort=nothing", "unknown sort key", 400},
		{"/api/v1/connections", "?where=nothing", "where: ", 400},
		{"/api/v1/connections/{id}", "1000", `"ladder":{"whole":false`, 200},
		{"/api/v1/connections/{id}", "0", "no number of a connection", 400},
		{"/api/v1/connections/{id}", "99999", "there is no connection 99999", 404},
	} {
		status, body := p.get(t, strings.TrimSuffix(x.path, "{id}")+x.request)
		asked[x.path] = true
		if status != x.status || !strings.Contains(body, x.want) {
			t.Errorf("%s%s: status %d: %.300s", x.path, x.request, status, body)
			continue
		}
		var v any
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			t.Error(err)
		}
		c := &recordtest.Checker{Schemas: doc.Components.Schemas}
		c.Check("", doc.Paths[x.path]["get"].Responses[fmt.Sprint(status)].Content["application/json"].Schema, v)
		for _, w := range c.Wrong[:min(len(c.Wrong), 10)] {
			t.Errorf("%s%s%s", x.path, x.request, w)
		}
	}
	for path := range doc.Paths {
		if !asked[path] {
			t.Errorf("%s is described, and nobody asks for it", path)
		}
	}
	for path := range asked {
		if len(doc.Paths[path]) == 0 {
			t.Errorf("%s is not described", path)
		}
	}
}

// The checker finds what it is there to find.
func TestCheckerChecks(t *testing.T) {
	var doc struct{ Components struct{ Schemas object } }
	b, err := openAPI()
	if err == nil {
		err = json.Unmarshal(b, &doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{"Error": `{}`, "Server": `{"server":1}`, "Rung": `{"states":"x"}`, "Stats": `{"type":"conn"}`, "Headline": `{"new":1}`, "Finding": `{"severity":"bad"}`,
		"Connection": `{"open":{"new":1}}`, "Drawn": `{"connection":[],"ladder":{"whole":1,"rows":[]}}`} {
		var v any
		if err := json.Unmarshal([]byte(bad), &v); err != nil {
			t.Fatal(err)
		}
		c := &recordtest.Checker{Schemas: doc.Components.Schemas}
		if c.Check("", ref(name), v); len(c.Wrong) == 0 {
			t.Errorf("%s is taken for %s", bad, name)
		}
	}
}

// A list is in the order and of the connections that are asked for, those that have ended too.
func TestConnectionsAsAskedFor(t *testing.T) {
	p := play(t, "127.0.0.1:0", "")
	part := p.Server.ended.parts[0]
	p.mu.Lock()
	p.records = nil
	for id := range uint64(30) {
		r := recordtest.MadeUp(id+1, "10.0.0.1:40000", "10.0.0.2:80")
		r.Ends[0].Bytes = record.Some(1000 - 10*id)
		if id%3 == 0 {
			r.Ended = recordtest.Start // before any View, of which the first may be one second old
			part.AppendConn(nil, r)
			if id%2 == 0 {
				continue // the others the View has, too
			}
		}
		p.records = append(p.records, r)
	}
	interim := recordtest.MadeUp(99, "10.0.0.1:40000", "10.0.0.2:80")
	interim.Interim = true
	part.AppendConn(nil, interim)
	later := recordtest.MadeUp(98, "10.0.0.1:40000", "10.0.0.2:80")
	later.Ended = 1 << 62 // the View that is looked at does not know yet
	part.AppendConn(nil, later)
	p.mu.Unlock()
	for query, want := range map[string]string{
		"limit=4":                                      "1 2 3 4",
		"limit=4&sort=-orig.bytes":                     "1 2 3 4",
		"limit=4&sort=orig.bytes":                      "30 29 28 27",
		"limit=4&sort=-id":                             "30 29 28 27",
		"where=id%20%3E%2027":                          "28 29 30",
		"where=id%20%25%209%20==%201&limit=3&sort=-id": "28 19 10",
		"where=id%20%3E%2030":                          "",
	} {
		_, body := p.get(t, "/api/v1/connections?"+query)
		var x struct{ Connections []struct{ ID uint64 } }
		if err := json.Unmarshal([]byte(body), &x); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range x.Connections {
			got = append(got, fmt.Sprint(c.ID))
		}
		if all := strings.Join(got, " "); all != want {
			t.Errorf("%s: %s, want %s", query, all, want)
		}
	}
}

// A condition that could take long is refused: those who take packets work it out.
func TestConditionsAreBounded(t *testing.T) {
	s := &Server{}
	for text, ok := range map[string]bool{
		"open.felt_s > 1": true, `orig_ip in cidr("10.0.0.0/8")`: true, `names.sni contains "let x"`: true, `names.sni == "a..b"`: true, "len(history) > 3": true,
		"any(1..1000000, # > 1)": false, `repeat("x", 100000) == ""`: false, "let x = 1; x > 0": false, `history matches "a*"`: false,
		`any([1,2], any([1,2], # > 1))`: false, "id > " + strings.Repeat("1+", 600) + "1": false, "map([1], #) == [1]": false, "reduce([1], #) == 1": false,
	} {
		if _, err := s.chooserOf(text); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}
