package diagnose

// Place says where a cause lies.
type Place uint8

const (
	InApplication Place = iota // a program of an end, a proxy before it too
	OnHost                     // an end's host: its system, its own firewall, its load
	OnHostOrPath               // either: a firewall, a rule, a limit
	OnPath                     // between the hosts, or in another one
	HostGone                   // the host is not there: off, crashed, without that address
	HostReplaced               // another host has its address
	InCapture                  // the capturing program and host, its filter, the file
	BeforeCapture              // how packets come to the capture: a mirror port, another way
)

// Cause is what trouble may come from.
type Cause struct {
	Place Place
	Text  string
}

func app(text string) Cause           { return Cause{InApplication, text} }
func onHost(text string) Cause        { return Cause{OnHost, text} }
func hostOrPath(text string) Cause    { return Cause{OnHostOrPath, text} }
func onPath(text string) Cause        { return Cause{OnPath, text} }
func hostGone(text string) Cause      { return Cause{HostGone, text} }
func hostReplaced(text string) Cause  { return Cause{HostReplaced, text} }
func inCapture(text string) Cause     { return Cause{InCapture, text} }
func beforeCapture(text string) Cause { return Cause{BeforeCapture, text} }

// outside tells that a cause lies outside of one host: in none of it where packets leave no host.
func (c Cause) outside() bool {
	return c.Place == OnPath || c.Place == HostGone || c.Place == HostReplaced || c.Place == BeforeCapture
}

// write puts the causes in words, as outputs have them.
func (f *Finding) write() {
	f.Causes = nil
	for _, c := range f.causes {
		f.Causes = append(f.Causes, c.Text)
	}
}
