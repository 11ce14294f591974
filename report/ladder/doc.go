// Package ladder draws connections packet by packet, as textbooks do: time runs down, an
// end stands at each side, arrows are segments.
//
// A [Ladder] takes the steps of chosen connections and their records. It keeps the
// opening, the closing and the packets around what is noteworthy (rows.go), and draws them
// (draw.go) with the sentences of package sentence beside and below (summary.go). What it
// holds is bounded, however long a connection is.
package ladder
