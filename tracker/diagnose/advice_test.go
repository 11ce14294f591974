package diagnose

import (
	"os/exec"
	"strings"
	"testing"
)

// programs are what advice may call; true where running it as it stands only
// reads, so that a machine that has it can check its arguments.
func programs() map[string]bool {
	return map[string]bool{
		"ss": true, "nstat": true, "sysctl": true, "ip": true, "uptime": true, "ls": true,
		"cat": false, "ping": false, "tracepath": false, "traceroute": false, "mtr": false, "tcpdump": false, "strace": false,
		"ethtool": false, "iptables": false, "nft": false, "reordercap": false, "ulimit": false, "dmesg": false, "journalctl": false,
	}
}

// commands are what stands between backquotes.
func commands(text string) (all []string) {
	for i, part := range strings.Split(text, "`") {
		if i%2 == 1 {
			all = append(all, part)
		}
	}
	return all
}

// Every command in advice parses, is one that is known, and takes its arguments.
func TestAdvice(t *testing.T) {
	all, c := everything(t)
	found := findingsOf(t, "", c, all...)
	for _, x := range situations() {
		found = append(found, x.findings(t)...)
	}
	seen := map[string]bool{}
	for _, f := range found {
		for _, a := range f.Advice {
			if strings.Count(a, "`")%2 != 0 {
				t.Errorf("%s: backquotes do not pair up: %s", f.Detector, a)
			}
			for _, line := range commands(a) {
				if !seen[line] {
					seen[line] = true
					tryCommand(t, f.Detector, line)
				}
			}
		}
	}
	if len(seen) < 30 {
		t.Errorf("only %d commands", len(seen))
	}
}

func tryCommand(t *testing.T, detector, line string) {
	t.Helper()
	if out, err := exec.Command("sh", "-n", "-c", line).CombinedOutput(); err != nil {
		t.Errorf("%s: %s: %s", detector, line, out)
		return
	}
	words := strings.Fields(line)
	reads, known := programs()[words[0]]
	if !known {
		t.Errorf("%s: unknown command: %s", detector, line)
		return
	}
	// An address in an example need not have a route here.
	if _, err := exec.LookPath(words[0]); err != nil || !reads || strings.Contains(line, " -w ") || strings.HasPrefix(line, "ip route get ") {
		return
	}
	if out, err := exec.Command("sh", "-c", line).CombinedOutput(); err != nil {
		t.Errorf("%s: %s: %v: %s", detector, line, err, out)
	}
}
