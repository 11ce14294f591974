package tui

import (
	"strings"

	"charm.land/bubbles/v2/key"
)

// action is what a key does.
type action uint8

const (
	doNothing action = iota
	doUp
	doDown
	doPageUp
	doPageDown
	doTop
	doBottom
	doOpen
	doBack
	doNextTab
	doPreviousTab
	doFilter
	doSort
	doPause
	doClosed
	doCopy
	doPrivacy
	doReport
	doHelp
	doQuit
	doKeep
	doTab1   // and one for each view behind it
	nActions = doTab1 + action(nTabs)
)

// command is an action with its name in the configuration, its keys and what it does.
type command struct {
	do   action
	name string
	keys string // with blanks between them
	doc  string
}

// commands are all there are, in the order of help.
func commands() []command {
	all := []command{
		{doUp, "up", "k up", "up"},
		{doDown, "down", "j down", "down"},
		{doPageUp, "page-up", "pgup ctrl+b", "a screen up"},
		{doPageDown, "page-down", "pgdown ctrl+f", "a screen down"},
		{doTop, "top", "g home", "to the top"},
		{doBottom, "bottom", "G end", "to the bottom"},
		{doOpen, "open", "enter", "into what is chosen: a finding, its connections, one of them"},
		{doBack, "back", "esc backspace", "back to where you came from, the filter as it was there"},
		{doNextTab, "next", "tab", "the next view; shift+tab: the one before; 1 to 7: those above"},
		{doPreviousTab, "previous", "shift+tab", ""},
		{doFilter, "filter", "/", "only connections with a text, or as --where has it; empty: all"},
		{doSort, "sort", "s", "sort: left right choose the column, up down the direction"},
		{doPause, "pause", "space", "the screen stands still; packets are taken all the same"},
		{doClosed, "closed", "t", "list those that ended within 40 s or are in TIME-WAIT, or not"},
		{doCopy, "copy", "y", "copy: a connection's two ends, or the command of an advice"},
		{doPrivacy, "privacy", "P", "addresses and names hidden, in what is copied as well, or not"},
		{doReport, "report", "r", "the whole report so far, in the pager"},
		{doHelp, "help", "?", "this help"},
		{doQuit, "quit", "q ctrl+c", "end, and print the report"},
		{doKeep, "keep", "Q", "leave this screen standing"},
	}
	for i, name := range pageNames() {
		n := string(rune('1' + i))
		all = append(all, command{doTab1 + action(i), "view-" + n, n, name})
	}
	return all
}

// keys are what each key does.
type keys [nActions]key.Binding

// newKeys are the keys of a configuration.
func newKeys(c Config) (k keys) {
	for _, x := range commands() {
		names := x.keys
		if own, ok := c.Keys[x.name]; ok {
			names = own
		}
		k[x.do] = key.NewBinding(key.WithKeys(strings.Fields(names)...), key.WithHelp(names, x.doc))
	}
	return k
}

// pressed is the name of a key, for key.Matches.
type pressed string

func (p pressed) String() string { return string(p) }

// of is what a key does.
func (k *keys) of(name string) action {
	for do := range k {
		if key.Matches(pressed(name), k[do]) {
			return action(do)
		}
	}
	return doNothing
}
