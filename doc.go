// Package tcpwatch tells why TCP connections are slow, failing, leaking or dying.
package tcpwatch
