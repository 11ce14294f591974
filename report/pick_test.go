package report

import "testing"

func TestPick(t *testing.T) {
	a, _ := parseEndpoint("192.0.2.1:40000")
	b, _ := parseEndpoint("192.0.2.2:80")
	c, _ := parseEndpoint("[2001:db8::1]:443")
	tests := []struct {
		text                 string
		ok                   bool
		id17, ab, ba, ac, ca bool // what it marks
	}{
		{"17", true, true, false, false, false, false},
		{"#17", true, true, false, false, false, false},
		{"192.0.2.1:40000-192.0.2.2:80", true, false, true, true, false, false},
		{"192.0.2.2:80 192.0.2.1:40000", true, false, true, true, false, false},
		{"192.0.2.1:40000 > [2001:db8::1]:443", true, false, false, false, true, true},
		{"[::ffff:192.0.2.1]:40000,[2001:db8::1]:443", true, false, false, false, true, true},
		{text: "0"}, {text: "-1"}, {text: ""}, {text: "x"}, {text: "192.0.2.1-192.0.2.2"},
		{text: "192.0.2.1:1"}, {text: "192.0.2.1:1-192.0.2.2:2-192.0.2.3:3"}, {text: "192.0.2.1:70000-192.0.2.2:80"},
	}
	for _, x := range tests {
		w, err := ParsePick(x.text)
		if (err == nil) != x.ok {
			t.Errorf("%q: %v", x.text, err)
		}
		if err != nil {
			continue
		}
		got := [5]bool{w.Marks(17, b, c), w.Marks(1, a, b), w.Marks(2, b, a), w.Marks(3, a, c), w.Marks(4, c, a)}
		if want := [5]bool{x.id17, x.ab, x.ba, x.ac, x.ca}; got != want {
			t.Errorf("%q marks %v, want %v", x.text, got, want)
		}
	}
}
