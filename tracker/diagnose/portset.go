package diagnose

import (
	"slices"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
)

// maxPorts is up to how many different ports are counted exactly.
const maxPorts = 4096

// portSet counts different ports: exactly below maxPorts, beyond it as fold.Distinct does.
type portSet struct {
	least []uint16 // the lowest of them, in order
	all   fold.Distinct
}

func (p *portSet) add(port uint16) {
	p.all.Add(fold.Mix(uint64(port)))
	p.Take(port)
}

// Items are the lowest ports.
func (p *portSet) Items() []uint16 { return p.least }

// Take keeps a port when it is one of the lowest.
func (p *portSet) Take(port uint16) {
	at, found := slices.BinarySearch(p.least, port)
	if found || at == maxPorts {
		return
	}
	p.least = slices.Insert(p.least, at, port)
	p.least = p.least[:min(len(p.least), maxPorts)]
}

// Fields walks over what is kept.
func (p *portSet) Fields(w *fold.Walk) {
	p.all.Fields(w)
	fold.Items(w, p)
}

// Count is how many there are.
func (p *portSet) Count() uint64 {
	if len(p.least) < maxPorts {
		return uint64(len(p.least))
	}
	return p.all.Count()
}

// words say so: "about" where they were not counted exactly.
func (p *portSet) words() string {
	if len(p.least) < maxPorts {
		return say.Plural(p.Count(), "port")
	}
	return about(&p.all, "port")
}
