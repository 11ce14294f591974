package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tcpwatch/report/schema"
)

// docsPages are those below docs whose commands are run.
var docsPages = []string{"tutorial.md", "recipes.md", "guide.md", "decisions.md", "record.md", "archive.md"}

// shown is a command of a page with what it is said to print.
type shown struct {
	command string
	want    []string
}

func (s shown) text() string {
	return strings.Join(append([]string{"$ " + s.command}, s.want...), "\n")
}

// commandsOf are the commands in the fenced blocks of a page: lines that begin with "$ ", with the
// lines below each.
func commandsOf(text string) (all []shown) {
	for i, block := range strings.Split(text, "```") {
		if i%2 == 0 {
			continue
		}
		_, block, _ = strings.Cut(strings.TrimSuffix(block, "\n"), "\n")
		begun := len(all)
		for line := range strings.SplitSeq(block, "\n") {
			if command, ok := strings.CutPrefix(line, "$ "); ok {
				all = append(all, shown{command: command})
			} else if n := len(all); n > begun {
				all[n-1].want = append(all[n-1].want, line)
			}
		}
	}
	return all
}

// programWord finds the words of a command that are programs: the first, and those behind a pipe.
var programWord = regexp.MustCompile(`(?:^|\| )([a-z][\w-]*|\./tcpwatch)\b`)

// missing is why a command cannot be run here; "" for nothing.
func missing(command string) string {
	if strings.HasPrefix(command, "sudo ") {
		return "it captures live: " + command
	}
	outside := regexp.MustCompile(`'[^']*'|"[^"]*"`).ReplaceAllString(command, "''")
	for _, m := range programWord.FindAllStringSubmatch(outside, -1) {
		if _, err := exec.LookPath(strings.TrimPrefix(m[1], "./")); err != nil {
			return m[1] + " is not installed: " + command
		}
	}
	if m := regexp.MustCompile(`^python3 -c 'import (\w+)`).FindStringSubmatch(command); m != nil && exec.Command("python3", "-c", "import "+m[1]).Run() != nil {
		return "python3 has no " + m[1] + ": " + command
	}
	return ""
}

// Every command in docs prints what the page says; go test -update-readme writes it. A page's
// commands run in one folder, one after the other, as a reader runs them.
func TestDocsCommands(t *testing.T) {
	here, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	exe, err := exec.LookPath("tcpwatch")
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, page := range docsPages {
		text := readPage(t, "docs/"+page)
		all := commandsOf(text)
		total += len(all)
		t.Run(page, func(t *testing.T) {
			dir := t.TempDir()
			if err := errors.Join(os.Symlink(filepath.Join(here, "testdata"), filepath.Join(dir, "testdata")), os.Symlink(exe, filepath.Join(dir, "tcpwatch"))); err != nil {
				t.Fatal(err)
			}
			t.Chdir(dir)
			t.Setenv("COLUMNS", "120")
			t.Setenv("LANG", "C.UTF-8")
			for _, x := range all {
				got, run := runShown(t, x)
				switch {
				case !run, matchLines(x.want, got):
				case *updateReadme && !slices.Contains(x.want, "..."):
					text = strings.Replace(text, x.text(), shown{x.command, got}.text(), 1)
				default:
					t.Errorf("%s\nprints\n%s\nbut docs/%s says\n%s\n(-update-readme writes it)", x.command, strings.Join(got, "\n"), page, strings.Join(x.want, "\n"))
				}
			}
		})
		if *updateReadme {
			if err := os.WriteFile(filepath.Join(here, "docs", page), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if total < 20 {
		t.Errorf("only %d commands in docs", total)
	}
}

// ofShell is what a command has that takes a shell.
var ofShell = regexp.MustCompile(`[|;"$]`)

// runShown runs a command, and returns the lines that it prints: in this process, which takes no
// time to start, unless it takes a shell.
func runShown(t *testing.T, x shown) (lines []string, ran bool) {
	t.Helper()
	if why := missing(x.command); why != "" {
		t.Run("skipped", func(t *testing.T) { t.Skip(why) })
		return nil, false
	}
	var out bytes.Buffer
	if strings.HasPrefix(x.command, "./tcpwatch ") && !ofShell.MatchString(x.command) {
		if status := run(shellWords(x.command)[1:], &out, &out); status != exitDone {
			t.Errorf("%s: status %d\n%s", x.command, status, &out)
			return nil, false
		}
	} else {
		c := exec.Command("sh", "-c", x.command)
		c.Stdout, c.Stderr = &out, &out
		if err := c.Run(); err != nil {
			t.Errorf("%s: %v\n%s", x.command, err, &out)
			return nil, false
		}
	}
	if out.Len() == 0 {
		return nil, true
	}
	for line := range strings.SplitSeq(strings.TrimRight(out.String(), "\n"), "\n") {
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return lines, true
}

// A field that a command of docs names is one of the record.
func TestDocsFields(t *testing.T) {
	known := map[string]bool{}
	for _, f := range schema.Fields() {
		known[f.Name] = true
	}
	named := 0
	for _, page := range docsPages {
		for _, x := range commandsOf(readPage(t, "docs/"+page)) {
			for _, name := range regexp.MustCompile(`\b(?:open|close|orig|resp|capture|timewait|keepalive)\.[a-z][a-z0-9_.]*`).FindAllString(x.command, -1) {
				if named++; !known[name] {
					t.Errorf("docs/%s: there is no field %s: %s", page, name, x.command)
				}
			}
		}
	}
	if named < 5 {
		t.Errorf("only %d fields are named", named)
	}
}

// The links of the pages below docs lead to what is there.
func TestDocsLinks(t *testing.T) {
	for _, page := range docsPages {
		for _, m := range aLink.FindAllStringSubmatch(readPage(t, "docs/"+page), -1) {
			at := filepath.Join("docs", m[1])
			if m[1] == "" {
				at = "docs/" + page
			}
			if !isThere(at) || m[2] != "" && !slices.Contains(sections(readPage(t, at)), m[2]) {
				t.Errorf("docs/%s links to %s, which is not there", page, m[0])
			}
		}
	}
}

// What a command needs is found in it, and in no text that it is given.
func TestMissing(t *testing.T) {
	for command, want := range map[string]string{
		"sh -c 'a | nosuchprogram b'": "", "sh | nosuchprogram -c \"x\"": "nosuchprogram is not installed", "nosuchprogram x": "nosuchprogram is not installed",
		"sudo sh": "it captures live",
	} {
		if got := missing(command); !strings.HasPrefix(got, want) || (got == "") != (want == "") {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
	if got := commandsOf("a\n```\n$ one\nx\n$ two\n```\n```sql\nselect\n```\n"); len(got) != 2 || got[0].text() != "$ one\nx" || got[1].text() != "$ two" {
		t.Errorf("%+v", got)
	}
}
