package bpmn

import (
	"errors"

	"passerelle/engine/feel"
)

// EventType says what happened.
type EventType string

// The events that Advance understands.
const (
	EvStart     EventType = "start"
	EvCompleted EventType = "completed"
	EvFailed    EventType = "failed"
	EvError     EventType = "error"
	EvEscalated EventType = "escalated"
	EvTimer     EventType = "timer"
	EvMessage   EventType = "message"
	EvSignal    EventType = "signal"
	EvChanged   EventType = "changed"
	EvResume    EventType = "resume"
	EvCancel    EventType = "cancel"
)

// Event is one thing that happened to a process. Make it with the functions
// below. Set may hold a context: each entry becomes a variable first.
type Event struct {
	Type    EventType
	Token   string // the token or subscription it concerns; start: the start event
	Name    string // message, signal
	Key     string // message correlation
	Code    string // error, escalation
	Message string // why it failed
	Result  feel.Value
	Set     feel.Value
}

// Start begins the process at its plain start event, or at the only one.
func Start() Event { return Event{Type: EvStart} }

// StartAt begins the process at the start event: a timer, message or signal
// start, for which the caller watches (see Process.Starts).
func StartAt(element string) Event { return Event{Type: EvStart, Token: element} }

// TaskCompleted says that a task was done. The result, unless null, becomes the
// task's result variable; in a repeated activity it is gathered in a list.
func TaskCompleted(token string, result feel.Value) Event {
	return Event{Type: EvCompleted, Token: token, Result: result}
}

// TaskFailed says that a task failed technically, after the caller's retries: it
// becomes an incident.
func TaskFailed(token, why string) Event { return Event{Type: EvFailed, Token: token, Message: why} }

// ErrorThrown says that a task ended with a business error (a BPMN error).
func ErrorThrown(token, code, why string) Event {
	return Event{Type: EvError, Token: token, Code: code, Message: why}
}

// Escalated says that a task raised an escalation; the task goes on unless
// something interrupts it.
func Escalated(token, code string) Event { return Event{Type: EvEscalated, Token: token, Code: code} }

// TimerFired says that the time of a StartTimer command has come.
func TimerFired(id string) Event { return Event{Type: EvTimer, Token: id} }

// MessageReceived delivers a message to one that waits for the name and key: the
// first that needs it to go on, or else the first non-interrupting handler. It starts a process that has not started and has such a start event.
func MessageReceived(name, key string) Event { return Event{Type: EvMessage, Name: name, Key: key} }

// SignalReceived tells a signal to all that wait for it in this process; nobody
// needs to.
func SignalReceived(name string) Event { return Event{Type: EvSignal, Name: name} }

// VariablesChanged lets conditional events look at the variables again.
func VariablesChanged() Event { return Event{Type: EvChanged} }

// Resume repeats the step at which an incident stands. The caller has corrected
// what caused it.
func Resume(token string) Event { return Event{Type: EvResume, Token: token} }

// Cancel ends the whole process: everything it waits for is dropped.
func Cancel() Event { return Event{Type: EvCancel} }

// ErrNotWaiting: the process does not wait for this event (any more). The state
// is unchanged: keep a message for later, drop a duplicate.
var ErrNotWaiting = errors.New("bpmn: the process does not wait for this")

// ErrEndless: the process runs in a circle without waiting. The state is
// unchanged.
var ErrEndless = errors.New("bpmn: the process runs in a circle without waiting")

// CommandType says what the caller has to do.
type CommandType string

// The commands of Advance.
const (
	CreateUserTask CommandType = "create-user-task" // show the task to people
	CallService    CommandType = "call-service"     // call the service Name; answer with TaskCompleted, ErrorThrown or TaskFailed
	CallDecision   CommandType = "call-decision"    // take the decision Name; answer likewise
	CancelTask     CommandType = "cancel-task"      // the task, service call or decision ID is no longer wanted
	StartTimer     CommandType = "start-timer"      // fire TimerFired(ID) at Value: a date, a date and time, or a duration from now
	CancelTimer    CommandType = "cancel-timer"
	AwaitMessage   CommandType = "await-message" // message Name with Key is awaited: deliver one that came early
	CancelMessage  CommandType = "cancel-message"
	AwaitSignal    CommandType = "await-signal"
	CancelSignal   CommandType = "cancel-signal"
	SendMessage    CommandType = "send-message" // send message Name with Key
	ThrowSignal    CommandType = "throw-signal" // tell signal Name to all other processes; this one has heard it
	SetVariable    CommandType = "set-variable" // variable Name becomes Value
	RaiseIncident  CommandType = "raise-incident"
	ClearIncident  CommandType = "clear-incident"
	NoteEscalation CommandType = "note-escalation" // an escalation that nobody catches: no fault, but worth knowing
	EndProcess     CommandType = "end-process"     // the process has ended at Element; Name is "ended", "terminated" or "cancelled"
)

// Command is one thing the caller has to do, in the transaction that stores the
// new state. ID is the same whenever the same step is computed: prefix it with
// the instance and use it as the key of the effect. (SetVariable and EndProcess
// are no effects: they are part of storing the state.)
type Command struct {
	Type    CommandType
	ID      string
	Token   string            // answer with this token (tasks) or id (timers: ID)
	Element string            // element id in the model
	Label   string            // its name in the model
	Name    string            // topic, decision, message, signal, variable, outcome
	Key     string            // message correlation
	Code    string            // incident, escalation: code
	Message string            // incident: why
	Value   feel.Value        // timer, variable
	Locals  feel.Value        // tasks in a repeated activity: its local variables; otherwise null
	Attrs   map[string]string // attributes of the element in namespace https://passerelle.lu/bpmn; do not change
}
