//go:build !race

package tcpwatch

const raced = false
