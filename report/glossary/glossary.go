// Package glossary says in two sentences what the states of RFC 9293 and the words of reports
// mean, for pages and --explain.
package glossary

import (
	"strings"

	"tcpwatch/internal/say"
)

// Term is a word with what it means, in two sentences.
type Term struct{ Name, Text string }

// Terms are all there are: the states in the order of a connection's life, then words.
func Terms() []Term {
	return []Term{
		{"LISTEN", "The server waits for connections on a port. It leaves this state for each connection when a SYN comes."},
		{"SYN-SENT", "The client has sent its SYN and waits for the answer. Long or repeated stays mean that SYNs or their answers are lost, dropped or ignored."},
		{"SYN-RECEIVED", "The server has answered the SYN by a SYN/ACK and waits for the final ACK. Many at once mean lost ACKs, forged addresses or a full accept queue."},
		{"ESTABLISHED", "The handshake is complete, and both ends may send data. A healthy connection spends most of its life here."},
		{"FIN-WAIT-1", "This end has closed and sent its FIN, which is not acknowledged yet. A long stay means that the FIN or its ACK is lost, or that the other end is gone."},
		{"FIN-WAIT-2", "The FIN of this end is acknowledged, and it waits for the other end's FIN. A long stay means that the other end's program has not closed."},
		{"CLOSE-WAIT", "The other end has closed, and this end's program has not called close() yet. Connections that stay here are a leak of that program."},
		{"CLOSING", "Both ends sent a FIN at the same time, and this one waits for the ACK of its own. It is rare and harmless."},
		{"LAST-ACK", "The other end closed first, this one has closed too and waits for the ACK of its FIN. A long stay means that the last ACK is lost or the other end is gone."},
		{"TIME-WAIT", "The end that closed first keeps its addresses and ports for 2MSL, so that old segments cannot reach a new connection. On a client each holds a port towards one server; on a server each costs a little memory."},
		{"CLOSED", "There is no connection. The end has forgotten it, or it never was."},
		{"2MSL", "How long TIME-WAIT lasts: twice the longest time that a segment may live on the path. RFC 9293 says 4 minutes, Linux takes 60 s."},
		{"client and server", "The client sent the SYN, the server answered. Where the capture began later, both are guessed."},
		{"felt time", "From the client's first SYN to the ACK that completes the handshake, as the client feels it. Lost SYNs and the waits after them are in it."},
		{"retransmission", "A segment that was sent again, because its ACK did not come in time or because ACKs showed that it was missing. Each costs at least a round trip, and a timeout costs 200 ms or more."},
		{"out of order", "A segment that arrives after one that was sent later, and fills the gap. The path delays some packets or sends them two ways; nothing is lost."},
		{"duplicate ACK", "An ACK that repeats the one before, because something behind a gap arrived. Three of them let the sender retransmit without a timeout."},
		{"SACK", "Selective acknowledgment: the receiver names what arrived behind a gap. The sender then repeats only what is missing."},
		{"round trip", "From a segment to its ACK, as the capture point sees it. Only data that was sent once is measured (Karn's rule)."},
		{"window", "How many bytes the receiver has room for, beyond what it acknowledged. The sender may not have more under way."},
		{"zero window", "The receiver says that it has no room: its program does not read. The sender must wait, and asks now and then by a zero-window probe."},
		{"keepalive probe", "A segment without new data that asks an idle connection's other end for an ACK. It finds out whether that end still lives, and keeps firewalls from forgetting the connection."},
		{"half-close", "One end has sent its FIN and the other goes on sending. It is legal, and rare."},
		{"RST", "A segment that ends a connection at once, without an exchange of FINs. It refuses a connection, aborts one, or answers for a host that does not know it."},
		{"midstream", "The capture began when the connection was running. What came before, its states too, is inferred."},
		{"proven, likely, possible", "How sure a finding is: proven, when the packets exclude every other explanation; likely, when a sign separates it from what went well. Possible means that other causes fit as well."},
		{"seen, implied, expected", "How sure a state is: seen, when the end sent what only that state allows; implied, when packets are missing and this is the shortest way. Expected means that a segment passed which causes it, if it arrives."},
	}
}

// width is how many columns an explanation takes.
const width = 80

// Explain is what a name means, whatever its case; false for one that is not known.
func Explain(name string) (text string, known bool) {
	for _, t := range Terms() {
		if strings.EqualFold(t.Name, name) {
			return t.Name + "\n\n" + strings.Join(say.Wrap(t.Text, width), "\n") + "\n", true
		}
	}
	return "", false
}
