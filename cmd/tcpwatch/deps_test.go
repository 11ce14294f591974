package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// policy says who may import whom. It is the design, not a record of what is:
// it is never edited to make a build pass.
//
// Each rule is a chain of lists: a package may import what stands to the left
// of it. For packages of this project that is transitive (a < b and b < c
// allow a < c). Other people's packages, named in capitals, may only be
// imported by the list that follows them. NONE is the empty list. The standard
// library is open to all but for what forbidden says.
const policy = `
	GOPACKET = github.com/google/gopacket, github.com/google/gopacket/layers;
	PCAP     = github.com/google/gopacket/pcap, C;
	BPF      = golang.org/x/net/bpf;
	COMPRESS = github.com/klauspost/compress/gzip, github.com/klauspost/compress/zstd;
	NETLINK  = github.com/mdlayher/netlink, github.com/mdlayher/netlink/nlenc;
	SYSTEM   = golang.org/x/sys/unix;
	TABLES   = github.com/olekukonko/tablewriter, github.com/olekukonko/tablewriter/pkg/twwidth, github.com/olekukonko/tablewriter/renderer, github.com/olekukonko/tablewriter/tw;
	EXPR     = github.com/expr-lang/expr, github.com/expr-lang/expr/ast, github.com/expr-lang/expr/file, github.com/expr-lang/expr/types, github.com/expr-lang/expr/vm;
	TERM     = golang.org/x/term;
	SCREEN   = charm.land/bubbletea/v2, charm.land/lipgloss/v2, charm.land/bubbles/v2/key;
	METRICS  = github.com/prometheus/client_golang/prometheus, github.com/prometheus/client_golang/prometheus/promhttp;
	PARQUET  = github.com/parquet-go/parquet-go, github.com/parquet-go/parquet-go/compress/zstd, github.com/parquet-go/parquet-go/encoding/thrift, github.com/parquet-go/parquet-go/format;
	KAFKA    = github.com/twmb/franz-go/pkg/kerr, github.com/twmb/franz-go/pkg/kgo, github.com/twmb/franz-go/pkg/kmsg, github.com/twmb/franz-go/pkg/sasl, github.com/twmb/franz-go/pkg/sasl/plain, github.com/twmb/franz-go/pkg/sasl/scram;
	OBJECTS  = github.com/minio/minio-go/v7, github.com/minio/minio-go/v7/pkg/credentials;
	SOURCE   = golang.org/x/tools/go/packages;
	COMMAND  = github.com/spf13/pflag, kernel.org/pub/linux/libs/security/libcap/cap;

	NONE < internal/say, internal/fold, internal/racetest, reassembly, packaging/fuzzprocess, internal/account, internal/inputs, internal/allowance, internal/store;
	internal/say < internal/screen;
	internal/account, internal/store < internal/outfile;
	internal/store < internal/storetest;
	internal/outfile, internal/allowance, internal/inputs, internal/screen < cmd/tcpwatch;
	internal/fold < internal/mergetest;
	GOPACKET, BPF, COMPRESS < capture;
	GOPACKET, PCAP, BPF, SYSTEM < capture/live;
	NETLINK, SYSTEM < capture/host;
	SYSTEM < capture/lab/wire, capture/lab, capture/lab/load;
	TABLES < internal/table;
	SCREEN < report/tui;
	EXPR < report/where;
	METRICS < report/serve;
	PARQUET, COMPRESS < report/parquet;
	KAFKA < report/kafka;
	OBJECTS < report/objects;
	TABLES < packaging/bench;
	SOURCE < packaging/elsewhere;
	COMMAND, SYSTEM, BPF < cmd/tcpwatch;
	SYSTEM < internal/outfile;
	TERM < internal/screen;

	NONE < capture, capture/host;
	capture < capture/live, capture/capturetest, internal/pcaptest;
	NONE < capture/lab/wire;
	capture, capture/capturetest, capture/host, capture/lab/wire < capture/lab;
	capture, capture/lab/wire < capture/lab/load;
	capture, reassembly < tracker/record
		< tracker/zeek, tracker/table
		< tracker;
	tracker/record < tracker/names, tracker/diagnose;
	tracker/record < internal/recordtest;
	tracker/record, tracker/diagnose
		< report/schema, report/sentence
		< report/ladder, report, report/where, report/compare, report/follow;
	report/sentence < report/packets;
	report, report/schema, report/sentence < report/watch;
	report, report/sentence, report/ladder < report/plot;
	report, report/plot, report/ladder, report/glossary < report/html;
	tracker/record < report/zeek;
	internal/store < report/parquet, report/stored;
	report < report/parquet < report/stored;
	report, report/schema, report/watch < report/kafka;
	internal/say, internal/store < report/objects;
	report < report/markdown, report/ci, report/pair;
	capture, tracker, tracker/names, tracker/diagnose, report, report/schema < tcpwatch;
	tcpwatch, report/ladder, report/where, report/watch < report/tui;
	report/html, report/ladder, report/where, report/watch < report/serve;
	tcpwatch, report/ladder, report/follow, report/where, report/compare, report/packets, report/watch, report/tui, report/serve, report/plot, report/html, report/markdown, report/stored, report/parquet, report/kafka, report/objects, report/ci, report/pair, report/zeek, report/glossary < cmd/tcpwatch;
	internal/say < internal/table, report/glossary;
	internal/say, internal/fold < tracker/diagnose;
	internal/table < report, report/compare, report/html, report/pair;
	internal/say, internal/pcaptest < packaging/bench;
	capture/live, capture/host < cmd/tcpwatch;
`

// forbidden are packages of the standard library that a room and what is below
// it may not import: rooms that judge packets know no clock of their own, no
// network and no system.
var forbidden = map[string][]string{
	"reassembly": {"os", "net", "net/http", "os/exec", "syscall", "unsafe", "time"},
	"tracker":    {"os", "net", "net/http", "os/exec", "syscall", "unsafe", "plugin"},
	"report":     {"os", "net", "net/http", "os/exec", "syscall", "unsafe", "plugin"},
	"capture":    {"net", "net/http", "os/exec", "syscall", "unsafe", "plugin"},
	"tcpwatch":   {"os", "net", "net/http", "os/exec", "syscall", "unsafe", "plugin"},
}

// beside are packages below a clockless or forbidden room that talk to the system.
var beside = []string{"report/serve", "report/kafka", "report/objects", "capture/live", "capture/host", "capture/lab", "capture/lab/wire", "capture/lab/load"}

const module = "tcpwatch"

// rules is a parsed policy.
type rules struct {
	allowed map[string]map[string]bool // by package: what it may import
	known   map[string]bool            // packages that the policy names
}

// parsePolicy reads a policy.
func parsePolicy(text string) (*rules, error) {
	r := &rules{allowed: map[string]map[string]bool{}, known: map[string]bool{}}
	groups := map[string][]string{"NONE": nil}
	list := func(s string) (own, foreign []string, err error) {
		for name := range strings.SplitSeq(s, ",") {
			name = strings.TrimSpace(name)
			switch group, ok := groups[name]; {
			case ok:
				foreign = append(foreign, group...)
			case name == "" || name == strings.ToUpper(name):
				return nil, nil, fmt.Errorf("%q is no list", s)
			default:
				own = append(own, name)
			}
		}
		return own, foreign, nil
	}
	for rule := range strings.SplitSeq(text, ";") {
		rule = strings.Join(strings.Fields(rule), " ")
		if rule == "" {
			continue
		}
		if name, members, ok := strings.Cut(rule, "="); ok {
			for m := range strings.SplitSeq(members, ",") {
				groups[strings.TrimSpace(name)] = append(groups[strings.TrimSpace(name)], strings.TrimSpace(m))
			}
			continue
		}
		var left, foreign []string
		for i, s := range strings.Split(rule, "<") {
			own, next, err := list(s)
			if err != nil {
				return nil, err
			}
			if i > 0 && len(own) == 0 {
				return nil, fmt.Errorf("rule %q: nobody stands at the right", rule)
			}
			for _, p := range own {
				r.known[p] = true
				if r.allowed[p] == nil {
					r.allowed[p] = map[string]bool{}
				}
				for _, q := range append(slices.Clone(left), foreign...) {
					r.allowed[p][q] = true
				}
			}
			left, foreign = append(left, own...), next
		}
	}
	return r, r.close()
}

// close makes the rules transitive, and refuses a circle.
func (r *rules) close() error {
	for changed := true; changed; {
		changed = false
		for p, may := range r.allowed {
			for _, q := range slices.Collect(maps.Keys(may)) {
				for x := range r.allowed[q] {
					if r.known[x] && !may[x] {
						may[x], changed = true, true
					}
				}
			}
			if may[p] {
				return fmt.Errorf("%s stands to the left of itself", p)
			}
		}
	}
	return nil
}

// standard reports whether an import is of the standard library.
func standard(imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return imp != "C" && !strings.Contains(first, ".") && first != module
}

// check says what is wrong with the imports of a package; "" for nothing.
func (r *rules) check(pkg, imp string) string {
	if standard(imp) {
		for room, not := range forbidden {
			if below(pkg, room) && slices.Contains(not, imp) {
				return fmt.Sprintf("%s imports %s: not in %s", pkg, imp, room)
			}
		}
		return ""
	}
	if r.allowed[pkg][strings.TrimPrefix(imp, module+"/")] {
		return ""
	}
	return fmt.Sprintf("%s imports %s", pkg, imp)
}

// below reports whether pkg is room, or in it and not beside it.
func below(pkg, room string) bool {
	return (pkg == room || strings.HasPrefix(pkg, room+"/")) && !slices.Contains(beside, pkg)
}

func TestDependencies(t *testing.T) {
	r, err := parsePolicy(policy)
	if err != nil {
		t.Fatal(err)
	}
	all, _ := sources(t)
	for _, s := range all {
		if s.test {
			continue
		}
		if !r.known[s.pkg] {
			t.Errorf("%s: package %s has no place in the policy", s.path, s.pkg)
		}
		for _, i := range s.file.Imports {
			if wrong := r.check(s.pkg, strings.Trim(i.Path.Value, "`\"")); wrong != "" {
				t.Errorf("%s: %s", s.path, wrong)
			}
		}
	}
}

// The policy refuses what it is there to refuse.
func TestPolicy(t *testing.T) {
	r, err := parsePolicy(policy)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		pkg, imp string
		ok       bool
	}{
		{"capture/live", "github.com/google/gopacket/pcap", true},
		{"capture", "github.com/google/gopacket/pcap", false},
		{"cmd/tcpwatch", "github.com/google/gopacket/pcap", false},
		{"tracker", "tcpwatch/capture", true},
		{"capture", "tcpwatch/tracker", false},
		{"tracker", "tcpwatch/capture/host", false},
		{"report", "tcpwatch/capture/live", false},
		{"report", "tcpwatch/reassembly", true},
		{"report", "github.com/expr-lang/expr", false},
		{"report", "github.com/olekukonko/tablewriter", false},
		{"report/compare", "tcpwatch/report", false},
		{"report/compare", "tcpwatch/internal/table", true},
		{"report/tui", "charm.land/bubbletea/v2", true},
		{"cmd/tcpwatch", "charm.land/bubbletea/v2", false},
		{"report", "charm.land/lipgloss/v2", false},
		{"report/serve", "net/http", true},
		{"report/html", "net/http", false},
		{"report/parquet", "github.com/parquet-go/parquet-go", true},
		{"report/stored", "github.com/parquet-go/parquet-go", false},
		{"report/kafka", "github.com/twmb/franz-go/pkg/kgo", true},
		{"report/objects", "github.com/minio/minio-go/v7", true},
		{"report/objects", "net/http", true},
		{"report/parquet", "github.com/minio/minio-go/v7", false},
		{"report/parquet", "tcpwatch/report/objects", false},
		{"report/serve", "github.com/twmb/franz-go/pkg/kgo", false},
		{"report/serve", "tcpwatch/report/kafka", false},
		{"report", "tcpwatch/report/parquet", false},
		{"report/html", "tcpwatch/report/serve", false},
		{"report/schema", "tcpwatch/report/sentence", false},
		{"report/ladder", "tcpwatch/report/sentence", true},
		{"report", "tcpwatch/report/ladder", false},
		{"cmd/tcpwatch", "github.com/expr-lang/expr", false},
		{"cmd/tcpwatch", "tcpwatch/reassembly", true},
		{"tcpwatch", "tcpwatch/report", true},
		{"tcpwatch", "tcpwatch/capture/live", false},
		{"tcpwatch", "tcpwatch/capture/host", false},
		{"tcpwatch", "tcpwatch/report/where", false},
		{"tcpwatch", "os", false},
		{"report", "tcpwatch", false},
		{"cmd/tcpwatch", "tcpwatch", true},
		{"cmd/tcpwatch", "tcpwatch/capture/lab", false},
		{"reassembly", "github.com/google/gopacket", false},
		{"tracker", "github.com/google/gopacket", false},
		{"reassembly", "time", false},
		{"capture", "C", false},
		{"capture/host", "syscall", true},
		{"tracker/diagnose", "net/http", false},
		{"nowhere", "tcpwatch/capture", false},
		{"nowhere", "fmt", true},
	} {
		if wrong := r.check(tt.pkg, tt.imp); (wrong == "") != tt.ok {
			t.Errorf("%s importing %s: %q", tt.pkg, tt.imp, wrong)
		}
	}
	for _, bad := range []string{"a < b; b < a;", "a < ;", "a < NONE;", "UNKNOWN < a;", "a < b < c < a;"} {
		if _, err := parsePolicy(bad); err == nil {
			t.Errorf("policy %q is taken", bad)
		}
	}
}
