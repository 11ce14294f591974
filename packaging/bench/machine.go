package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// Machine is where and with what was measured.
type Machine struct {
	Date     string   `json:"date"`
	System   string   `json:"system"`
	CPU      string   `json:"cpu"`
	Cores    int      `json:"cores"`
	Go       string   `json:"go"`
	Revision string   `json:"revision"`
	Versions []string `json:"versions"`
}

func describe(contenders []contender) Machine {
	m := Machine{
		Date:     time.Now().UTC().Format(time.DateOnly),
		System:   strings.TrimSpace(output("uname", "-sr") + " " + runtime.GOARCH),
		CPU:      processor(),
		Cores:    runtime.NumCPU(),
		Go:       runtime.Version(),
		Revision: output("git", "describe", "--always", "--dirty"),
	}
	for _, c := range contenders {
		if v := c.told(); v != "" {
			m.Versions = append(m.Versions, c.Name+" "+v)
		}
	}
	return m
}

// String is one line for people.
func (m Machine) String() string {
	where := fmt.Sprintf("%d cores", m.Cores)
	if m.CPU != "" {
		where += " of " + m.CPU
	}
	return fmt.Sprintf("%s, %s, %s, %s, tcpwatch %s, %s", m.Date, where, m.System, m.Go, m.Revision, strings.Join(m.Versions, ", "))
}

func output(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// processor is the name of the first core, where Linux tells it.
func processor() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if key, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
