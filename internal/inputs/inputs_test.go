package inputs

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Leading words that are files, folders of captures or "-" are captures; what follows is none.
func TestLeadingWords(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, name := range []string{"a.bin", "set/eth0.pcap1", "set/eth0.pcap0", "set/eth0.pcapng.gz", "set/notes.txt", "set/deep.pcap/x.pcap", "tcp/notes.txt", "kept/v=1/place=a/part", "older/connections.parquet", "set/v=1/place=a/part"} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range []struct{ words, names, rest, err string }{
		{"a.bin port 80", "a.bin", "port 80", ""},
		{"- a.bin", "- a.bin", "", ""},
		{"set tcp", "set/eth0.pcap0 set/eth0.pcap1 set/eth0.pcapng.gz", "tcp", ""},
		{"kept port 80", "kept", "port 80", ""},
		{"kept/v=1/place=a kept/v=1/place=a/part", "kept/v=1/place=a kept/v=1/place=a/part", "", ""},
		{"older", "", "", "older/connections.parquet: written as one file by an older version"},
		{"tcp port 80", "", "tcp port 80", ""},
		{"tcp/ port 80", "", "", "tcp/: no capture in this folder"},
		{"port a.bin", "", "port a.bin", ""},
		{"", "", "", ""},
	} {
		names, rest, err := Leading(strings.Fields(x.words))
		if !slices.Equal(names, strings.Fields(x.names)) || !slices.Equal(rest, strings.Fields(x.rest)) || (err == nil) != (x.err == "") {
			t.Errorf("%q: %q, then %q, %v", x.words, names, rest, err)
		}
		if err != nil && !strings.HasPrefix(err.Error(), x.err) {
			t.Errorf("%q: %v", x.words, err)
		}
	}
	for word, missing := range map[string]bool{"set/eth0.pcap1": false, "eth0.pcap1": true, "port": false, "pcap": false} {
		if err := Mistyped(word); (err != nil) != missing {
			t.Errorf("Mistyped(%q): %v", word, err)
		}
	}
	for name, once := range map[string]bool{"a.bin": false, "-": true, os.DevNull: true, "set": false} {
		if err := OnlyOnce(name); (err != nil) != once {
			t.Errorf("OnlyOnce(%q): %v", name, err)
		}
	}
}
