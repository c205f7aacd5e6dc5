package feel

import (
	"fmt"
	"regexp"
	"time"
)

// Pos is a place in the text of an expression. Line and Column count from 1,
// columns in code points; Offset counts bytes from 0.
type Pos struct{ Offset, Line, Column int }

// SyntaxError says why an expression cannot be compiled.
type SyntaxError struct {
	Pos
	Msg string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Msg)
}

// Warning says why a part of an expression became null.
type Warning struct {
	Pos
	Msg   string
	Limit bool // a limit ended the whole evaluation
}

// met is a value as messages write it.
var met = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|-?\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b`)

// Valueless is a warning's message without the texts, numbers and dates that the
// expression met, for readers who may not see them.
func Valueless(msg string) string { return met.ReplaceAllString(msg, "…") }

func (w Warning) String() string { return fmt.Sprintf("%d:%d: %s", w.Line, w.Column, w.Msg) }

// Option changes how an expression is compiled.
type Option func(*compiler)

// Names adds names in scope. It is needed for names that contain operators
// ("pre-tax") or keywords; it helps for names with spaces. Dotted names
// ("import.decision") are understood as paths.
func Names(names ...string) Option {
	return func(c *compiler) {
		for _, n := range names {
			c.declare(n, nil)
		}
	}
}

// Var adds one name in scope together with its type, whose field names are then
// known after a dot.
func Var(name string, t *Type) Option { return func(c *compiler) { c.declare(name, t) } }

// Types says which types "instance of" and typed parameters know by name,
// besides FEEL's own.
func Types(types map[string]*Type) Option { return func(c *compiler) { c.types = types } }

// InputType gives the type of "?" in unary tests; its field names are then
// known.
func InputType(t *Type) Option { return func(c *compiler) { c.declare("?", t) } }

// MaxDepth limits how deep an expression may nest; the default is 600; a
// parenthesis counts three.
func MaxDepth(n int) Option { return func(c *compiler) { c.maxDepth = n } }

// EvalOption changes one evaluation.
type EvalOption func(*evalConfig)

type evalConfig struct {
	clock    func() time.Time
	maxSteps int
	maxList  int
	maxCalls int
	took     func(what any, at int, then bool)
	parent   *env // the evaluation that this one runs inside of
}

// Defaults of the evaluation's limits.
const (
	defaultSteps = 10_000_000
	defaultList  = 1_000_000
	defaultCalls = 1000
)

// WithClock gives now() and today() their time, in the location that the clock
// returns. Without it they are null.
func WithClock(now func() time.Time) EvalOption { return func(c *evalConfig) { c.clock = now } }

// WithMaxSteps limits the work of one evaluation: iterations, calls and list
// items visited. The default is ten million.
func WithMaxSteps(n int) EvalOption { return func(c *evalConfig) { c.maxSteps = n } }

// WithMaxList limits the length of a list that one operation may make. The
// default is one million.
func WithMaxList(n int) EvalOption { return func(c *evalConfig) { c.maxList = n } }

// WithMaxCalls limits how deep functions may call each other. The default is
// 1,000.
func WithMaxCalls(n int) EvalOption { return func(c *evalConfig) { c.maxCalls = n } }

// WithBranches calls took for every branch that is taken: of an "if" with the
// expression (an *Expr) and the offset of the "if" in its text, and of whatever
// a function calls Took with.
func WithBranches(took func(what any, offset int, then bool)) EvalOption {
	return func(c *evalConfig) { c.took = took }
}

// Expr is a compiled expression. It is immutable and safe for concurrent use.
type Expr struct {
	src   string
	root  node
	ast   Node
	names []string
	slots int
	unary bool
}

// Compile compiles an expression. The error is a *SyntaxError.
func Compile(src string, opts ...Option) (*Expr, error) { return compile(src, false, opts) }

// CompileUnaryTests compiles unary tests: the text of a decision table's input
// entry, or allowed values. Evaluated in a scope where "?" is the tested value
// (or with Test) the result is true, false or null.
func CompileUnaryTests(src string, opts ...Option) (*Expr, error) { return compile(src, true, opts) }

// Source returns the text that was compiled.
func (e *Expr) Source() string { return e.src }

// Place returns where a node of the expression starts in its text.
func (e *Expr) Place(n Node) Pos { return posAt(e.src, n.Offset()) }

// AST returns the syntax tree. Do not change it.
func (e *Expr) AST() Node { return e.ast }

// Names returns the free names of the expression, each once, in order of
// appearance, without "?" and the builtin functions. A name inside a filter,
// which may be an entry of the filtered items, counts when it was declared.
func (e *Expr) Names() []string { return e.names }

// Eval evaluates the expression in a scope (nil: no variables).
func (e *Expr) Eval(scope *Scope, opts ...EvalOption) (Value, []Warning) {
	return e.eval(scope, opts)
}

// EvalContext evaluates the expression with the entries of one context as
// variables.
func (e *Expr) EvalContext(vars Value, opts ...EvalOption) (Value, []Warning) {
	return e.evalContext(vars, opts)
}

// Test evaluates unary tests on input. matched is true only when the result is
// true.
func (e *Expr) Test(input Value, scope *Scope, opts ...EvalOption) (matched bool, warnings []Warning) {
	en := newEnv(opts)
	en.inline = Scope{parent: scope, name: "?", value: input, single: true}
	en.scope = &en.inline
	v, w := en.run(e)
	return v.kind == KindBoolean && v.a == 1, w
}

// allows reports whether unary tests accept v. The steps are those of the
// evaluation in which a value is asked for, if there is one.
func (e *Expr) allows(in *env, v Value) bool {
	if in == nil {
		ok, _ := e.Test(v, nil)
		return ok
	}
	ok, w := e.Test(v, nil, in.options()...)
	for i := range w {
		if w[i].Limit {
			panic(limit{w[i]})
		}
	}
	return ok
}
