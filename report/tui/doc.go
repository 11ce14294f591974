// Package tui is the screen: what is wrong in a run that goes on, within seconds, and the way
// from there to the connections and to one of them.
//
//	run -> Screen.View, a slot of one --> model.Update -> model.View -> terminal
//	run <- Screen.Wanted <--------------- model.wanted     keys ----^
//
// A [Screen] is an Output that watches (report.Watcher). The program of the terminal runs in a
// goroutine of its own: a terminal that takes nothing holds up nobody but it. All that is seen
// is worked out by a model that knows no terminal: it takes Views and keys, and gives lines.
package tui
