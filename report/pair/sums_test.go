package pair

import (
	"testing"

	"tcpwatch/internal/mergetest"
)

// What passed in one direction merges, and can be written down, without forgetting a field.
func TestFlowMerges(t *testing.T) {
	mergetest.CheckFold(t, func() *Flow { return &Flow{} }, mergetest.Options{})
}
