// Package pair puts together what two capture points saw of the same connections: which
// segments were lost between them, in which direction, how long each way took, what was
// changed, and which RST or FIN was made in between.
//
// A [Place] is an Output that keeps, of one input, a short description of each connection
// and of each of its segments. [Compare] pairs the connections of two Places by what no
// address translation changes, finds how far their clocks are apart, and sets each
// connection's segments side by side; the [Result] is written as tables or JSON Lines.
//
//	Place A -+                                             +-> sums by direction and path
//	         +-> match -> clock -> align (each connection) +-> findings
//	Place B -+                                             +-> drawings of three columns
//
// Connections are paired by rungs, the surest first: both initial sequence numbers; one of
// them; the first bytes of payload; addresses and ports. What fits several is counted as
// ambiguous and not guessed.
package pair
