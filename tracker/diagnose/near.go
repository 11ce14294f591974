package diagnose

import "tcpwatch/internal/say"

// nearest is the name that is most like a wrong one, the first of several; ""
// when more than a third of the letters would have to change, or of a name that
// is longer than any.
func nearest(wrong string, all []Detector) (name string) {
	if len(wrong) > 64 {
		return ""
	}
	least := len(wrong)/3 + 1
	for _, d := range all {
		if far := say.Distance(wrong, d.Name); far < least {
			name, least = d.Name, far
		}
	}
	return name
}
