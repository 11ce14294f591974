package main

import (
	"flag"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"tcpwatch/capture/lab"
	"tcpwatch/capture/lab/load"
	"tcpwatch/internal/racetest"
)

// incidentLines are what the first line of the screen says of each incident of the lab.
var incidentLines = map[string]string{
	"accept-queue-full":   `queue`,
	"syns-dropped":        `did not answer`,
	"ports-exhausted":     `holds .* ports in TIME-WAIT`,
	"close-wait-leak":     `has (closed none of|not closed)`, // of some of them while the others are young
	"idle-forgotten":      `idle`,
	"answers-lost-to-one": `final ACK|half|SYN/ACK`,
}

// Whoever opens the screen while something is broken reads on its first lines what, within ten
// seconds, at either size of the terminal.
func TestScreenOfIncidents(t *testing.T) {
	racetest.TooSlow(t) // ten seconds are for a program that is not ten times slower, beside other tests
	needsRoot(t)
	if testing.Short() {
		t.Skip("takes a minute: not with -short")
	}
	l, err := lab.Open()
	if err != nil {
		t.Skip("no lab here: ", err)
	}
	t.Cleanup(func() { l.Close() })
	for i, x := range lab.Incidents() {
		t.Run(x.Name, func(t *testing.T) {
			t.Parallel()
			s, err := l.Begin(&x, 220+i)
			if err != nil {
				t.Fatal(err)
			}
			defer s.End()
			ns, device := s.Watched()
			low, _ := s.Ports()
			if low != 0 { // the range of ports is that of when one begins to watch
				if err := s.Before(); err != nil {
					t.Fatal(err)
				}
			}
			screen := newTerminal(t, 80, 24, fmt.Sprintf("nsenter --net=%s tcpwatch -p -i %s", ns.Path(), device))
			screen.shows("1 Now")
			if low == 0 {
				if err := s.Before(); err != nil {
					t.Fatal(err)
				}
			}
			began := time.Now()
			ended := make(chan error, 1)
			go func() { ended <- s.Trouble() }()
			want := regexp.MustCompile(`^(WARNING|CRITICAL|NOTICE) .*(` + incidentLines[x.Name] + `)`)
			shown, named := untilFirst(screen, want, began)
			if !named {
				t.Errorf("not told within ten seconds:\n%s", shown)
			}
			t.Logf("told after %.1f s: %s", time.Since(began).Seconds(), firstLines(shown))
			screen.tmux("resize-window", "-x", "200", "-y", "50")
			if wide := screen.shows("? help  q quit  Enter in"); !want.MatchString(firstLines(wide)) && named {
				time.Sleep(1500 * time.Millisecond)
				if wide = screen.tmux("capture-pane", "-p"); !want.MatchString(firstLines(wide)) {
					t.Errorf("not on the wide screen:\n%s", wide)
				}
			}
			if err := <-ended; err != nil {
				t.Error(err)
			}
			screen.keys("q")
			screen.printed("tcpwatch: ", "Handshakes: ", " icanon")
		})
	}
}

// besideRate is the rate of the healthy traffic of TestScreenBesideLoad; 0 leaves it out.
var besideRate = flag.Int("beside", 0, "play incidents on the screen beside healthy traffic of so many connections a second: 2000 take a core, for a minute")

// Beside thousands of healthy connections a second the screen names the cause on its first line as well, and
// tells how many packets were dropped, where any were.
func TestScreenBesideLoad(t *testing.T) {
	needsRoot(t)
	if *besideRate == 0 {
		t.Skip("takes a core for a minute: -beside 2000 plays it")
	}
	l, err := lab.Open()
	if err != nil {
		t.Skip("no lab here: ", err)
	}
	t.Cleanup(func() { l.Close() })
	for i, x := range lab.Incidents() {
		if x.Name != "syns-dropped" && x.Name != "answers-lost-to-one" {
			continue
		}
		t.Run(x.Name, func(t *testing.T) {
			s, err := l.Begin(&x, 240+i)
			if err != nil {
				t.Fatal(err)
			}
			defer s.End()
			ns, device := s.Watched()
			screen := newTerminal(t, 80, 24, fmt.Sprintf("nsenter --net=%s tcpwatch -p -i %s", ns.Path(), device))
			screen.shows("1 Now")
			beside, err := load.BesideOn(s.Network(), *besideRate)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Before(); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			ended := make(chan error, 1)
			go func() { ended <- s.Trouble() }()
			shown, named := untilFirst(screen, regexp.MustCompile(`^(WARNING|CRITICAL|NOTICE) .*(`+incidentLines[x.Name]+`)`), began)
			if !named || !regexp.MustCompile(`(?m)^capture +(no packet|[0-9,]+ packets?) dropped`).MatchString(shown) {
				t.Errorf("the cause and the drops are not told within ten seconds:\n%s", shown)
			}
			t.Logf("told after %.1f s beside %.0f connections a second:\n%s", time.Since(began).Seconds(), beside.Rate(), shown)
			if err := <-ended; err != nil {
				t.Error(err)
			}
			t.Logf("at the end, %.0f a second:\n%s", beside.Rate(), screen.tmux("capture-pane", "-p"))
			if err := beside.End(); err != nil {
				t.Error(err)
			}
			screen.keys("q")
			screen.shows("More: ", " icanon")
		})
	}
}

// untilFirst waits until the first finding of a screen is the one that is wanted, for ten seconds
// since a moment and what drawing takes.
func untilFirst(screen *terminal, want *regexp.Regexp, since time.Time) (shown string, named bool) {
	for !named && time.Since(since) < 12*time.Second {
		shown = screen.tmux("capture-pane", "-p")
		named = want.MatchString(firstLines(shown))
		time.Sleep(50 * time.Millisecond)
	}
	return shown, named
}

// firstLines are the first finding of a screen, up to its cause, in one line.
func firstLines(screen string) string {
	lines := strings.Split(screen, "\n")
	text := ""
	for i := 2; i < len(lines) && (i == 2 || strings.HasPrefix(lines[i], "      ")); i++ {
		text += strings.TrimSpace(lines[i]) + " "
	}
	return text
}
