package diagnose

import (
	"fmt"

	"tcpwatch/internal/say"
	"tcpwatch/tracker/record"
)

func resetAbort() Detector {
	return Detector{
		Name: "reset-abort", Group: GroupReset, needs: traitReset,
		Doc: `An application aborts connections with a RST instead of closing them.

Rule: a RST,ACK out of an open state, at the sender's next number, is what abort()
of RFC 9293 section 3.10.5 sends: SO_LINGER with a time of 0, a process that was
killed with data unread, some libraries' way to avoid TIME-WAIT. What was still on its
way to the other end is lost.

A RST without ACK is none: see reset-forgotten and reset-bare. Within one host, where
nothing stands between, its own stack or a program sent it all the same.

Where data that its sender had just got, within a second, was the last, and it answered by none, it may have read it or
not: the packets do not tell. Where nothing of the other end had come for a second or more, a timer fits as well; it
is put first only where three or more waited equally long, to 3 % or 30 ms, and none had borne a longer wait before.
Where its own data had been sent three times or more and nobody had acknowledged it for a second or more, it gave up on that; such
connections are told of apart. Where the client had offered TLS and got something else, the port
speaks none. Where the first data of both ends is of different protocols, HTTP and SSH for one, the client is set for another service. Where its SYN has no MSS, a program made the packets.
A window as wide as ever is no sign that all was read: Linux does not narrow it for a little.
Where the sender's window was closed when its RST came, its buffer was full of data that its
application had not read: it closed with that unread.

Where neither end had sent a byte, the client only wanted to know whether the port is open: a check, a scan.

Where the other end had sent its FIN before, the RST comes in place of the second FIN, and where its
sender had, behind its own FIN; both are reported so, and do not count as open. Right behind its own FIN (10 ms), before that can
be answered, a close with data unread fits best. Those that came once the other end had got an answer and closed, or
behind the protocol's goodbye, lost nothing; nor did those that one client reset within 100 ms, where it had said goodbye on
one of them.

A close with unread data looks the same (RFC 2525 section 2.17) where it did not
answer a request: see reset-unread. A RST from something on the path has mostly
another TTL: see reset-injected.

` + endsDoc,
		New: func(o *Options) Fold {
			return newResets(resetKind{o.fewAndShare("reset-abort", 10, 10, "connections to one server", "the server's connections"), pickAbort, endedAborted, (*resets).add, tellAbort})
		},
	}
}

func pickAbort(r *record.Record) bool {
	switch r.Close.ResetCause {
	case record.ResetAbort:
		return cutOff(r)
	case record.ResetUnreadData:
		return cutOff(r) && !provoked(r) // too late for an answer to data
	}
	return bare(r) && oneHost(r) && !Forgot(r)
}

func tellAbort(s Subject, x *resets, all whole, k scale) Finding {
	felt := *x
	felt.n -= min(x.harmless, x.n-1)
	f := Finding{
		actor:    x.senderOf(s),
		Severity: felt.severity(all.opened, k), Confidence: Likely,
		Title:       fmt.Sprintf("%s aborted: %s", x.what(s, all), x.sent(s, "a RST")),
		Explanation: "The RST came while the connection was open: the application, or its host, aborted it (RFC 9293 section 3.10.5)." + x.oddly(),
		causes:      []Cause{lingers(), leftUnread(), processEnded()},
		Advice: []string{fmt.Sprintf("On %s: `strace -f -e trace=setsockopt,close,shutdown -p PID` shows what the application does when it closes, SO_LINGER too.", x.on(s)),
			fmt.Sprintf("On %s: `nstat -az TcpExtTCPAbortOnData TcpExtTCPAbortOnClose TcpOutRsts` shows which kind.", x.on(s))},
	}
	switch {
	case x.paths == x.n:
		x.intoPaths(&f, s, all)
	case x.full == x.n:
		x.intoUnread(&f, x.on(s))
	case x.closing == x.n:
		f.Title = fmt.Sprintf("%s ended by a RST behind its sender's own FIN: %s", x.what(s, all), x.sent(s, "it"))
		f.Explanation = fmt.Sprintf("Its sender had closed in order, and sent a RST %s later: from then on it took nothing more (RFC 9293 section 3.10.4).", latest(x.n, x.after)) + x.oddly()
		f.causes = []Cause{app("it shut down its sending side and then closed with data unread"), app("its application ended right after the close"), lingers()}
		if x.hurried() {
			f.causes = f.causes[1:]
			f.lead(app("it closed with data unread: it answers early, for example with an error, and does not read the rest"), "the RST came right behind its FIN, before anything could answer that, and the other end had sent data")
		}
	case x.inPlace == x.n:
		x.intoPlace(&f, s, all)
	case x.mute == x.n:
		f.Title = fmt.Sprintf("%s opened and aborted without a byte from either end: %s", x.what(s, all), x.sent(s, "a RST"))
		f.Explanation = "The handshake completed, and its client sent a RST before anybody sent anything (RFC 9293 section 3.10.5)." + x.oddly()
		f.causes = []Cause{lingers()}
		f.lead(app("a check or a scan that only wants to know whether the port is open (a monitor, nmap -sT)"), "neither end had sent a byte")
	case x.harmless == x.n:
		f.Severity = min(f.Severity, Info)
		f.Title = fmt.Sprintf("%s ended by a RST once all was said: %s", x.what(s, all), x.sent(s, "it"))
		f.Explanation = "The RST came behind the other end's FIN, or behind the goodbye of the protocol: nothing was lost." + x.oddly()
	case x.oneGoodbye():
		f.Title = fmt.Sprintf("%s ended by a RST at one moment, once all was said: %s", x.what(s, all), x.sent(s, "it"))
		f.Explanation = fmt.Sprintf("They ended within %s: they belong together, and what was said on one of them was said for all.", span(max(x.when.Most-x.when.Least, millisecond))) + x.oddly()
	case x.shut == x.n:
		f.Title = fmt.Sprintf("%s ended by a RST once an end had closed: %s", x.what(s, all), x.sent(s, "it"))
		f.Explanation = "One of both ends had sent its FIN, or the goodbye of the protocol, before: the RST stands in place of the rest of the close (RFC 9293 section 3.6)." + x.oddly()
	case x.bare == x.n:
		f.Explanation = "The RST has no ACK, and a socket that is aborted sends RST,ACK (RFC 9293 section 3.10.5). Nothing stands between within one host: its system had no such socket any more, or a program made the packets." + x.oddly()
		f.causes = []Cause{app("its socket was gone: the process ended or restarted, and its system answered a segment that met none"), madeItself()}
		f.Advice = f.Advice[1:]
	case x.strange == x.n:
		x.intoStrange(&f, s)
	case x.inVain == x.n:
		x.intoVain(&f, s, all)
	case x.gaveUp():
		x.intoGaveUp(&f, s, all)
		f.lead(givesUp(), "that data was never acknowledged")
	case x.repeated == x.n:
		f.Explanation += fmt.Sprintf(" Its own data had been sent again and again before, and nobody acknowledged it; %s is too short for a limit of repeats.", rangeOf(x.inVainFor))
		f.causes = append(f.causes, onHost("its address, or its network, changed under it (a VPN, another network): its system or application drops what used the old one"))
	case x.noTLS == x.n:
		f.Explanation += " The client had offered TLS, and the first data of the server, which had come just before, is none."
		f.lead(app("the port speaks no TLS, or not at once (STARTTLS): the client is set for TLS from the first byte"), "the server's answer to the offer is no TLS")
		f.Advice = append([]string{fmt.Sprintf("`openssl s_client -connect %s` tells whether the port speaks TLS; where it does not, set the client to STARTTLS or to plain text, or take the right port.", name(s.A))}, f.Advice...)
	case x.refusing == x.n:
		f.Explanation += " The first data of the server had come just before: its client may not have expected that."
		f.causes = append([]Cause{app("that data was not what it expected: another protocol (TLS to a port without it, or the other way round), or an answer that it refuses")}, f.causes...)
	case x.dataLast == x.n:
		f.Explanation += " Data had come just before, and its sender answered it by none: it may have read it and be done, or not have read it, and a close then sends a RST too (RFC 2525 section 2.17)."
	case x.quiet == x.n && x.holed == x.n:
		f.Explanation += fmt.Sprintf(" Nothing of the other end had come for %s, and what had come last stood behind a gap, which nothing filled.", rangeOf(x.silent))
		f.causes = []Cause{cancelled(), processEnded()}
		f.lead(app("it waited for what was missing, and gave up: a timeout of its own"), "data before what came last was missing, and nothing came any more")
		f.Advice = append([]string{"Does the other end send what is missing again? A capture there shows it, and how far its repeats get."}, f.Advice...)
	case x.quiet == x.n && alikeWaits(x.quiet, x.silent) && x.bore == 0:
		f.lead(aTimer(), fmt.Sprintf("all came equally long after the other end's last segment, %s", rangeOf(x.silent)))
	case x.quiet == x.n && x.bore == 0:
		f.Explanation += fmt.Sprintf(" Nothing of the other end had come for %s.", rangeOf(x.silent))
		f.causes = append(f.causes, app("a timer of its own, for idle connections or for sessions"), cancelled())
	case x.quiet == x.n:
		f.causes = append(f.causes, cancelled())
	}
	if x.shut > 0 && x.shut < x.n && !x.oneGoodbye() {
		f.Title = fmt.Sprintf("%s ended by a RST, %s of them while open: %s", x.what(s, all), say.Thousands(x.n-x.shut), x.sent(s, "it"))
		f.Explanation += fmt.Sprintf(" On %s it came behind a FIN of either end, or behind the goodbye of the protocol", say.Thousands(x.shut))
		switch x.harmless {
		case 0:
			f.Explanation += "."
		case x.shut:
			f.Explanation += ": nothing was lost there."
		default:
			f.Explanation += fmt.Sprintf(": on %s of them nothing was lost.", say.Thousands(x.harmless))
		}
	}
	if x.repeated > 0 && x.repeated < x.n {
		f.Explanation += onSome(x.repeated, x.n, "its own data had been sent again and again before, and nobody acknowledged it: it may have given up on that.")
	}
	rst := "a RST"
	if x.closing == x.n {
		rst = "a RST behind its sender's own FIN"
	}
	if x.notObeyed(&f, s, all, rst) {
		f.causes = append(f.causes, onPath("something on the path, or a program that makes packets itself, sent it in that end's name").unless(ownTCP))
	}
	return x.unheard(f)
}

// intoVain tells that the openers had waited since their last data, and nothing but its ACK came.
func (x *resets) intoVain(f *Finding, s Subject, all whole) {
	f.Title = fmt.Sprintf("%s aborted %s after the client's last data, to which no data came back: %s", x.what(s, all), rangeOf(x.waited), x.sent(s, "a RST"))
	f.Explanation += " If the last data of its sender asks for an answer, that is one of which nothing had come: the packets do not tell."
	f.causes = []Cause{processEnded()}
	gaveUp := app("it waited for an answer and gave up: a timeout of its own, or somebody cancelled")
	switch {
	case x.gaveUp():
		x.intoGaveUp(f, s, all)
		f.lead(givesUp(), "that data was sent again and again, and never acknowledged")
	case x.bore > 0:
		f.Explanation += onSome(x.bore, x.n, "it had waited longer for an answer before, and got it.")
		f.causes = append(f.causes, cancelled())
	case alikeWaits(x.inVain, x.waited):
		f.causes = append(f.causes, cancelled())
		f.lead(aTimer(), "all waited equally long")
	default:
		f.causes = append(f.causes, gaveUp, app("that data needs no answer, and a timer for idle connections or sessions ended it"))
	}
}

// intoGaveUp tells that the senders of the RSTs had sent data again and again, and that nobody acknowledged it.
func (x *resets) intoGaveUp(f *Finding, s Subject, all whole) {
	f.Title = fmt.Sprintf("%s aborted over data that nobody had acknowledged for %s: %s", x.what(s, all), rangeOf(x.inVainFor), x.sent(s, "a RST"))
	f.Explanation = "The sender of the RST had sent data again and again before, and nobody acknowledged it: it gave up (RFC 9293 section 3.8.3)." + x.oddly()
	f.Advice = append([]string{"Where does that data get lost? A capture at the other end shows whether it arrives there."}, f.Advice...)
}

// givesUp is a cause of a RST behind data sent in vain.
func givesUp() Cause {
	return app("it gave up on its own data: a limit of repeats, or a timeout of the application")
}

// aTimer is a cause of a RST after a time without a segment.
func aTimer() Cause {
	return app("a timer of its own: for an answer, for idle connections, or for sessions")
}

// cancelled is another.
func cancelled() Cause { return app("somebody cancelled, or closed the program") }

// lingers is a cause of a RST in place of a FIN.
func lingers() Cause { return app("the application sets SO_LINGER to 0, or its library does") }

// leftUnread is another, where data had come.
func leftUnread() Cause {
	return app("it closed with data unread, or was killed with data unread")
}

// processEnded is what some systems tell by a RST, whether data is unread or not.
func processEnded() Cause {
	return app("its process was ended, which some systems (Windows) tell by a RST")
}

// intoPaths tells that each was one path of an MPTCP connection: their RSTs carry its options.
func (x *resets) intoPaths(f *Finding, s Subject, all whole) {
	f.Severity = min(f.Severity, Info)
	as := "as paths of MPTCP connections"
	if x.n == 1 {
		as = "as a path of an MPTCP connection"
	}
	f.Title = fmt.Sprintf("%s ended by a RST %s: %s", x.what(s, all), as, x.sent(s, "it"))
	f.Explanation = "The RST carries an MPTCP option: it ends this path alone, and the connection goes on over its others (RFC 8684 sections 3.4 and 3.6)."
	f.causes = []Cause{onHost("an end gave up one of its addresses (REMOVE_ADDR), and closed the paths that use it"), onHost("its MPTCP takes this path for failed, or needs it no more"),
		app("the application ended the whole connection")}
	f.Advice = []string{fmt.Sprintf("On %s: `ip mptcp monitor` tells of addresses and paths that come and go.", x.on(s))}
}

// intoPlace tells that the other ends had closed before, in order.
func (x *resets) intoPlace(f *Finding, s Subject, all whole) {
	f.Title = fmt.Sprintf("%s ended by a RST in place of the second FIN: %s", x.what(s, all), x.sent(s, "it"))
	f.Explanation = "The other end had closed, and its FIN was taken: the RST came where a FIN was due (RFC 9293 sections 3.6 and 3.10.5)." + x.oddly()
	f.causes = []Cause{app("the application closes so what the other end has closed, as many do on Windows (SMB, Kerberos)"), leftUnread(), lingers()}
}

// intoUnread tells that the senders of the RSTs had not read all: their windows were closed.
func (x *resets) intoUnread(f *Finding, on string) {
	f.Title += " with data unread"
	f.Explanation = "The sender of the RST had closed its window: its buffer was full of data that its application had not read, and a close then sends a RST (RFC 2525 section 2.17)." + x.oddly()
	f.causes = []Cause{app("the application was killed, or closes without reading all of it")}
	if x.spoke == x.n {
		f.causes = []Cause{app("the application answers early, for example with an error (HTTP 413), and closes before it has read the whole request; the RST can destroy that answer"), app("it was killed in the middle")}
		f.Advice = []string{"Let the service read to the end, or shut down its sending side and read until the other end closes (RFC 9112 section 9.6; nginx: lingering_close).",
			fmt.Sprintf("On %s: `nstat -az TcpExtTCPAbortOnClose` counts closes with unread data.", on)}
	}
}

// oddly tells signs that the RSTs may not come from the end itself.
func (x *resets) oddly() string {
	n := x.odd[1] // many systems leave timestamps out of RSTs: that alone is no sign
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" %s with an IP-ID unlike those of its sender's other segments: something on the path may have sent them.", say.Plural(n, "RST"))
}
