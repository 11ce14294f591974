// Package follow puts what the two ends of a connection said back in order and prints
// it, as text for people ([Text]) or as the exact bytes ([Raw]).
//
// A [Follower] is handed each segment with its payload. A byte comes out once: what is
// repeated is dropped (the first copy counts), what comes out of order waits for its
// turn, what never comes is marked. What an end said comes after everything it had
// acknowledged when it said so, so that an answer stands below its question even where
// the capture had them the other way round.
//
// Nothing is kept but what waits, and that is bounded. Text is escaped; raw bytes are
// as they were. With tracker/names it is the only reader of payload.
package follow
