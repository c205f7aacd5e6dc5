// Package matrix holds processes that check themselves, one for each construct
// of BPMN that an engine can be asked for, and runs them.
//
// Each case is cases/NAME.bpmn with a script NAME.txt beside it. Lines that make
// something happen:
//
//	vars {…}              the variables, before the start
//	start [EVENT]         complete ID [FEEL]    fail ID WHY       error ID CODE
//	escalate ID CODE      timer ID              message NAME KEY  signal NAME
//	set NAME = FEEL       resume ID             cancel
//
// Lines that say what must be so:
//
//	waits KIND:ID …       all the process waits for now
//	commands TYPE:ID …    all commands of the last step (set-variable may be left out)
//	value ID = FEEL       when the timer fires
//	locals ID = FEEL      what an instance of a repeated task is about
//	var NAME = FEEL       a variable
//	refused EVENT…        the event is not waited for; nothing changes
//	ends ELEMENT [HOW]    the process has ended ("-": at no end event)
//
// After each step it is also checked that the state given was not changed, that
// the new one keeps the engine's invariants, survives JSON, and that the same
// event gives the same again.
//
// Features is the list of constructs, grouped as the betsy benchmark groups them
// (Geiger et al., BPMN Conformance in Open Source Engines, SOSE 2015), with our
// own cases. What the engine does not support must be refused when it is compiled.
package matrix
