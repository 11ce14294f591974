//go:build !linux

package main

// dropPrivileges does nothing where there are no capabilities.
func dropPrivileges() error { return nil }
