// Package names recognises what a connection is about from the first payload bytes of
// each direction: protocol, TLS server name, HTTP host, database version and the like.
//
// An [Observer] is handed the payload of every segment after the tracker has placed it,
// looks at the first bytes of each direction, copies them only while they are not enough
// to decide, and puts what it found on records (Attach, Finish). For a connection that is
// decided it does nothing.
//
// It is, with report/follow, the only reader of payload, and keeps nothing of it but
// the names. What is kept while it waits is bounded. Whatever bytes come, it reads no
// further than them. Names are as the wire had them: who prints them escapes them.
package names
