// Package packets has the Outputs that write packets as they came: all of them ([File]), or
// those of chosen connections with what the ladder says of each ([Extract]).
package packets
