// Package host is the host's own view of TCP: its sockets, through sock_diag(7)
// ([Diag], [Socket]), the range of its ports ([Limits]), its addresses ([Addrs]), and all that in another
// network namespace ([Namespace]).
//
// It hands out plain values. On systems other than Linux all but the addresses is empty, and so is
// a value that the kernel does not tell. It never captures, changes no setting, and no
// judgement about captured packets rests on it: package tracker does not import it. The
// lab uses it to learn what the kernel says of its own sockets.
package host
