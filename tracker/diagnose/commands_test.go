package diagnose

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// advised are the findings of all kinds that the tests know to raise.
func advised(t *testing.T) (found []Finding) {
	t.Helper()
	for _, tt := range detectorCases() {
		found = append(found, findingsOf(t, "", nil, tt.raise...)...)
	}
	for _, c := range []*Context{ledger("10.0.0.1:0", "10.0.0.2:80", 27000, 27000, 60*second), ledger("10.0.0.2:80", "", 27000, 27000, 60*second)} {
		found = append(found, findingsOf(t, "", c)...)
	}
	for _, x := range situations() {
		found = append(found, x.findings(t)...)
	}
	all, c := everything(t)
	return append(found, findingsOf(t, "", c, all...)...)
}

// commandsOf collects what stands between backquotes in all advice that the
// tests know to raise.
func commandsOf(t *testing.T) []string {
	t.Helper()
	quoted := regexp.MustCompile("`([^`]*)`")
	var commands []string
	for _, f := range advised(t) {
		for _, a := range f.Advice {
			if strings.Count(a, "`")%2 != 0 {
				t.Errorf("%s: an odd number of backquotes in %q", f.ID, a)
			}
			for _, m := range quoted.FindAllStringSubmatch(a, -1) {
				commands = append(commands, m[1])
			}
		}
	}
	slices.Sort(commands)
	return slices.Compact(commands)
}

// checks tells how each tool is asked whether it understands a command,
// without doing what it would do: the words to add, or to run in its place.
func checks(words string) (run string, known bool) {
	tool, rest, _ := strings.Cut(words, " ")
	if strings.HasPrefix(words, "sysctl -w ") {
		setting, _, _ := strings.Cut(strings.TrimPrefix(words, "sysctl -w "), "=")
		return "sysctl " + setting, true
	}
	switch tool {
	case "Get-NetTCPConnection", "Get-NetTCPSetting", "Get-NetFirewallRule", "Get-Process", "Get-Counter", "pktmon", "netstat",
		"Get-NetRoute", "Get-NetAdapterStatistics", "Get-Uptime", "tracert":
		return "true", true // of Windows
	case "ip", "nft":
		for _, change := range []string{" add ", " del ", " delete ", " set ", " change ", " replace ", " flush ", " insert "} {
			if strings.Contains(words+" ", change) {
				return "command -v " + tool, true // it would change the machine
			}
		}
		return words, true
	case "ss", "sysctl", "nstat", "cat", "uptime", "ulimit":
		return words, true // these only read
	case "ls":
		return strings.Replace(words, "/PID/", "/self/", 1), true
	case "iptables":
		if !strings.HasPrefix(rest, "-S") && !strings.HasPrefix(rest, "-L") && !strings.HasPrefix(rest, "-nvL") {
			return "command -v iptables", true // it would change the rules
		}
		return "iptables " + strings.Replace(rest, "-S", "-S INPUT", 1), true
	case "tcpdump":
		if strings.Contains(rest, " -w FILE") || strings.HasPrefix(rest, "-w FILE") {
			return "tcpdump -d " + strings.Replace(rest, "-w FILE", "", 1), true
		}
		return "tcpdump -d " + rest[strings.Index(rest, "'"):], true // compiles the filter
	case "vmstat":
		return "vmstat 1 1", true
	case "ping", "traceroute", "tracepath", "mtr", "ethtool", "reordercap", "conntrack":
		return "command -v " + tool, true
	case "strace":
		return strings.Replace(words, "-p PID", "true", 1), true
	}
	return "", false
}

// Every command in advice exists and parses.
func TestCommandsInAdvice(t *testing.T) {
	commands := commandsOf(t)
	if len(commands) < 20 {
		t.Fatalf("only %d commands: %q", len(commands), commands)
	}
	for _, c := range commands {
		t.Run(c, func(t *testing.T) {
			if strings.HasPrefix(c, "tcpwatch ") {
				return // cmd/tcpwatch tests its own flags
			}
			run, known := checks(c)
			if !known {
				t.Fatal("no way to check it")
			}
			tool, _, _ := strings.Cut(c, " ")
			if _, err := exec.LookPath(tool); err != nil && tool != "ulimit" {
				t.Skipf("%s is not installed", tool)
			}
			out, err := exec.Command("sh", "-c", run).CombinedOutput()
			switch text := string(out); {
			case strings.Contains(text, "Operation not permitted"), strings.Contains(text, "Permission denied"):
				t.Skip("not allowed here")
			case err != nil:
				t.Errorf("%s: %v\n%s", run, err, out)
			case tool == "nstat":
				for _, name := range strings.Fields(c)[2:] {
					if !strings.Contains(text, name) {
						t.Errorf("no counter %s", name)
					}
				}
			}
		})
	}
}
