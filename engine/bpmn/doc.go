// Package bpmn runs processes drawn in BPMN 2.0 (OMG formal/13-12-09, version
// 2.0.2; the rules of execution are its chapter 13).
//
// A file is parsed (Parse), a process in it compiled (Compile), and then carried
// from one wait state to the next:
//
//	state, commands, err := process.Advance(state, event, vars)
//
// Advance is a pure function: no I/O, no clock, no randomness, no goroutines.
// Equal arguments give equal results, so a process can be simulated, replayed
// and fuzzed, and the caller can store the state and hand out the commands in
// one transaction. Run does the same and lets the caller answer service calls
// and decisions on the way.
//
// # The model
//
//   - State says where the process stands: tokens, open subscriptions, counters.
//     It is small plain JSON with a version. Variables live outside: they are the
//     case's facts, given to each step, and changed by SetVariable commands.
//   - Event is what happened; Command is what the caller has to do. Each command
//     has an id made of the element and a counter ("examine:1" the first time the
//     element is reached, "ask:1.2" its second instance, "remind~1" its first
//     timer, "fetch:1!1" after a failure). Prefixed with the case it is the key
//     under which an effect happens once. What a single step both asks for and
//     cancels does not appear.
//   - Expressions are FEEL. A condition that is neither true nor false is an
//     incident and never takes the default flow in silence.
//   - Migrate takes a state over to another process by a mapping of elements. Ids
//     stay, so that answers on their way arrive; to the caller they are opaque.
//   - Call activities run inline, in the same state; their elements are called
//     "call/inner".
//
// # Own attributes
//
// In namespace https://passerelle.lu/bpmn: pg:topic (service task), pg:decision
// (business rule task), pg:result (the variable that receives a result; a task's
// own id, for business rules "decision"), pg:message and pg:key (message name and
// FEEL correlation key, also pg:key on the message), pg:collection and pg:item
// (multi-instance). All others, such as pg:role, come along on the commands. The
// equivalents of Camunda 7 and 8 are read where they mean the same.
//
// # Invariants
//
//   - What is not supported is refused by Compile, with place, id and name. It is
//     never ignored.
//   - Every state either has ended and holds nothing, or waits for something
//     named (State.Waits). A join for which no token can come any more becomes an
//     incident; inclusive joins that hold one another back go on.
//   - Leaving a scope drops every task, timer and subscription in it in the same
//     step, each with its cancelling command.
//   - An event that nobody waits for changes nothing (ErrNotWaiting). So an answer
//     that comes twice, or too late, does no harm.
//   - An error goes outwards to the nearest scope that catches it, there to its
//     code before the catch-all; uncaught it is an incident. An uncaught
//     escalation is no fault.
//
// # Where the standard leaves room
//
//   - Exclusive gateway (13.4.2): conditions in the order of the file.
//   - Inclusive join (13.4.3): by reachability, as in the standard; tokens inside
//     a subprocess count as standing on it.
//   - Multi-instance (13.3.7): the completion condition sees numberOfInstances,
//     numberOfActiveInstances, numberOfCompletedInstances and, under the result's
//     name, the list of results so far. When it is true the others are cancelled.
//   - Conditional events (13.5.3): fire when the condition becomes true; they are
//     looked at after each event.
//   - A message goes to the first that waits for one message only, or else to the
//     first handler that stays open; a signal goes to all.
//   - Compensation (13.5.5): handlers one after another, the last completed first.
//   - Errors inside an event subprocess are not caught by those beside it.
//
// # Not supported
//
// Complex gateways, transactions and cancel events, ad hoc subprocesses, events
// with several definitions, event gateways and receive tasks that start a
// process, compensation event subprocesses, data associations with assignments.
package bpmn
