package tcpwatch

import "runtime/debug"

// Version is the version of tcpwatch (https://semver.org). CHANGELOG.md and the manual
// page name the same one, as a test holds.
const Version = "0.2.0"

// Build is the version, and the commit that the program was built from where that is known.
func Build() string {
	v := Version
	b, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	for _, s := range b.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			v += " " + s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			v += " with changes"
		}
	}
	return v
}
