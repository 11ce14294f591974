// Package watch tells of a run while it goes on: findings as they appear, change and are
// resolved, as lines for people and as JSON Lines. What it tells, it takes from the Views that
// package report describes.
package watch
