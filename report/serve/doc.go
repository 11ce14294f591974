// Package serve shows a run to browsers and programs while it goes on: the page of report/html,
// which follows it by server-sent events, and a small API of JSON.
//
// It only ever answers. What it may be asked for, by whom, and how it keeps others out stands
// in guard.go; what it takes from the run are Views, as the screen does, and what is shown of a
// View is made once, however many look at it. Whoever reads slowly is handed the newest state
// next: nothing waits for a reader, and nothing is queued for one.
package serve
