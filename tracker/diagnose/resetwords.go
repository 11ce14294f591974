package diagnose

import (
	"fmt"

	"tcpwatch/capture"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

// hops is how far a packet has come, if its TTL began at one of the values that
// systems use: 64 (RFC 1340's default), 128 or 255.
func hops(ttl uint8) uint8 {
	switch {
	case ttl <= 64:
		return 64 - ttl
	case ttl <= 128:
		return 128 - ttl
	}
	return 255 - ttl
}

// sender says who sent the RSTs.
func (x *resets) sender(s Subject) string {
	switch {
	case x.by[record.Orig] == 0 && s.Kind == SubjectHost:
		return "the servers"
	case x.by[record.Resp] == 0:
		return "the client, " + x.sources.who() + ","
	case x.by[record.Orig] == 0:
		return "the server"
	}
	return fmt.Sprintf("the server (%s) and the client (%s)", say.Plural(x.by[record.Resp], "time"), say.Thousands(x.by[record.Orig]))
}

// sentBy is the address of the end in whose name the RSTs came, of one where there are several; DEST where it is not known.
func (x *resets) sentBy(s Subject) string {
	switch {
	case x.by[record.Resp] == 0 && len(x.sources.known) > 0:
		return x.sources.known[0].Addr.String()
	case s.Kind == SubjectHost:
		return "DEST"
	}
	return s.A.Addr.String()
}

// senderOf is the one host in whose name all the RSTs came; none where that is not known, or there are several.
func (x *resets) senderOf(s Subject) (none capture.Addr) {
	switch {
	case x.by[record.Resp] == 0 && x.sources.all.Count() == 1 && len(x.sources.known) == 1:
		return x.sources.known[0].Addr
	case x.by[record.Orig] == 0 && s.Kind == SubjectListener:
		return s.A.Addr
	}
	return none
}

// on is whose host an advice about the RSTs is for: that of their sender.
func (x *resets) on(s Subject) string {
	switch {
	case x.by[record.Resp] == 0 && x.sources.all.Count() == 1 && len(x.sources.known) == 1:
		return x.sources.known[0].Addr.String()
	case x.by[record.Resp] == 0:
		return "the client"
	case x.by[record.Orig] > 0:
		return "the sender"
	case s.Kind == SubjectListener:
		return s.A.Addr.String()
	}
	return "the server"
}

// sent says who sent such RSTs.
func (x *resets) sent(s Subject, rst string) string {
	if x.by[record.Orig] > 0 && x.by[record.Resp] > 0 {
		return fmt.Sprintf("%s by the server, %s by the client", say.Thousands(x.by[record.Resp]), say.Thousands(x.by[record.Orig]))
	}
	return x.sender(s) + " sent " + rst
}

// what says which connections: of a listener, or of an opener to several.
func (x *resets) what(s Subject, all whole) string {
	if s.Kind == SubjectHost {
		return fmt.Sprintf("%s of %s to %s", say.Plural(x.n, "connection"), s.A.Addr, about(&x.targets, "server"))
	}
	return all.of(x.n) + " to " + name(s.A)
}
