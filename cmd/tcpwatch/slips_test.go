package main

import (
	"errors"
	"strings"
	"testing"
)

// A filter of one word that is none may be the name of a file, or of a folder with no capture in it.
func TestNoFilter(t *testing.T) {
	t.Chdir(t.TempDir())
	wrong := errors.New(`filter "x": syntax error`)
	if got := noFilter("x", wrong).Error(); got != wrong.Error()+"; nor is there a file of that name" {
		t.Error(got)
	}
	if got := noFilter(".", wrong).Error(); !strings.HasPrefix(got, ".: no capture in this folder (names with .pcap") {
		t.Error(got)
	}
	if got := noFilter("x y", wrong); got != wrong {
		t.Error(got)
	}
}
