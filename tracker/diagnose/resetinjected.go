package diagnose

import (
	"fmt"
	"strings"

	"tcpwatch/internal/fold"
	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func resetInjected() Detector {
	return Detector{
		Name: "reset-injected", Group: GroupReset, needs: traitReset,
		Doc: `A RST in an end's name came from somewhere else: a middlebox, or an attacker.

Rule: what one end sends comes the same way, so its TTL (hop limit) hardly varies; a
RST whose TTL differs by more than one hop was not sent by that end. Its IPv4
identification far from the sender's counter, or a RST,ACK without timestamps on
a connection that has them (RFC 7323 section 3.2), are weaker signs and are counted. An
identification of 0 proves nothing: Linux sends it where there is no socket.
Firewalls and intrusion prevention reset in this way, often both ends.

Systems begin with a TTL of 64, 128 or 255. Where the RST's distance, counted from
the next of those, is the same as that of the other segments (59 and 123 are both
5 hops), another system stands in the same place: mostly a load balancer that
answers in its backend's name. That is only possibly an intruder. Where an end's SYN came as the
RST did and its data another way, a load balancer opened the connection in its name and ended it. A RST that answers what
came after a long idle time is idle-timeout or keepalive-missing.

` + endsDoc,
		New: func(*Options) Fold {
			return newResets(resetKind{scale{}, pickInjected, endedInjected, (*resets).add, tellInjected})
		},
	}
}

func pickInjected(r *record.Record) bool {
	return r.Close.ResetBy != record.NoEnd && r.Close.ResetCause == record.ResetMiddlebox && r.Close.Kind == record.CloseReset && !diedAtRest(r)
}

func tellInjected(s Subject, x *resets, all whole, _ scale) Finding {
	f := Finding{
		Severity: effect{harmless: x.over == x.n, minor: x.closing == x.n || x.level == x.n || x.opener == x.n, felt: true}.severity(), Confidence: Likely,
		Title: fmt.Sprintf("something on the path reset %s", x.what(s, all)),
		Explanation: fmt.Sprintf("The RSTs came with TTL %s, %s: another system sent them in that end's name (a middlebox, or the attacker of RFC 5961 section 1.1). IP-ID too differs in %s, timestamps in %s.",
			rangeWords(x.ttl), x.ownWords(), say.Thousands(x.odd[1]), say.Thousands(x.odd[2])),
		causes: []Cause{hostOrPath("a firewall or intrusion prevention system ends what it does not like"), onPath("a load balancer or NAT resets what it has forgotten"), hostOrPath("an attacker forges RSTs")},
		Advice: []string{fmt.Sprintf("`traceroute -n %s`, towards that end, shows the hops; the sender is as far off as the RST's TTL is below the next of 64, 128 and 255.", x.sentBy(s)),
			"Look into the logs of the firewalls on the path at these times."},
	}
	if x.level == x.n {
		f.Confidence = Possible
		f.Title = fmt.Sprintf("another system at the same distance seems to have reset %s", x.what(s, all))
		f.Explanation = fmt.Sprintf("RSTs came with TTL %s, %s: as many hops below the next of 64, 128 and 255, which systems begin with. Another TCP in the same place may have sent them.",
			rangeWords(x.ttl), x.ownWords())
		f.causes = []Cause{onPath("a load balancer answers in its backend's name"), onHost("the end's own firewall resets what it does not like")}
		f.Advice[0] = "Is there a load balancer or a firewall before that end? Its log shows what it reset, and why."
		f.Advice = f.Advice[:1]
	}
	if x.opener > 0 {
		f.Explanation += onSome(x.opener, x.n, "what opened the connection in that end's name came as the RST did, and its data came another way: what opened it ended it too.")
	}
	if x.opener == x.n {
		f.Title = fmt.Sprintf("what opened %s in %s name reset %s", x.what(s, all), x.whose(), pronoun(x.n))
		f.causes = []Cause{onPath("a load balancer or proxy that opens connections in that end's name gave it up: a limit of its own, for idle time or life"), onPath("a firewall that answers for that end (SYN proxy) ended it")}
		f.Advice = []string{"Look for a limit of idle time or life in the settings of the load balancer, proxy or firewall before that end; its log tells why it ended them.", f.Advice[0]}
	}
	if x.over == x.n {
		f.Explanation += " Both ends had sent their FIN before, and had at most a last message under way, such as TLS's close_notify: nothing is lost."
	}
	if x.also > 0 {
		f.Explanation += onSome(x.also, x.n, "a RST with that end's own TTL came as well: it reset the connection itself too.")
	}
	return f
}

// whose names the ends in whose names the RSTs came.
func (x *resets) whose() string {
	switch {
	case x.by[record.Resp] == 0:
		return "the client's"
	case x.by[record.Orig] == 0:
		return "the server's"
	}
	return "an end's"
}

func pronoun(n uint64) string {
	if n == 1 {
		return "it"
	}
	return "them"
}

// ownWords tells with which TTL the other segments of those came in whose name the
// RSTs are: of one connection, as an example.
func (x *resets) ownWords() string {
	var own []string
	what := "other packets"
	if x.opener == x.n {
		what = "data"
	}
	for e, who := range [...]string{"client", "server"} {
		if x.by[e] > 0 && x.own.V.By[e] > 0 {
			own = append(own, fmt.Sprintf("%s of the %s with %d", what, who, x.own.V.By[e]))
		}
	}
	return strings.Join(own, ", ")
}

// rangeWords is "64" or "61 to 64".
func rangeWords[T fold.Number](r fold.Range[T]) string {
	if r.Least == r.Most {
		return fmt.Sprint(r.Least)
	}
	return fmt.Sprintf("%d to %d", r.Least, r.Most)
}
