// Package dmn evaluates decision models of DMN 1.2 to 1.5 (OMG
// formal/24-01-01), with the expressions of package feel.
//
// A model is parsed and compiled once and evaluated many times:
//
//	defs, err := dmn.Parse(file)
//	model, err := dmn.Compile(defs)
//	res, err := model.Decide("Allowance", feel.Context(…), dmn.WithTrace())
//
// # Rules that hold everywhere
//
//   - A Model is immutable and may be used from many goroutines at once.
//   - A decision sees what it requires and nothing else (DMN 1.5, 7.3). It is
//     computed when it is first needed, and once for each evaluation.
//   - What goes wrong inside a model becomes null with a Warning, as DMN wants
//     it; a Go error means that the call itself was wrong. A caller that decides
//     about people treats a null as "not decided", never as "no".
//   - Values are coerced to declared types (DMN 1.5, 10.3.2.9.4). One that does
//     not conform, or is outside the allowed values, is null.
//   - A mistake in one expression is a Problem of the model: the rest still
//     works. A missing requirement, import or name given twice is an error of
//     Compile.
//   - Nothing reads the machine's clock, files or network: now() and today() use
//     WithClock, imported models are handed to Compile, and XML with a document
//     type declaration is refused.
//   - Functions of a Java class or PMML model are not supported: calling one is
//     null, with a Warning whose Unsupported is true.
//   - Every evaluation is bounded as a whole: steps, lists, depth of calls
//     (WithMaxSteps, WithMaxList, WithMaxCalls), and with the steps its memory. A
//     limit that is reached ends it with null and a Warning whose Limit is true.
//
// # Where the standard leaves a choice
//
// A table with hit policy RULE ORDER, OUTPUT ORDER or COLLECT of which no rule
// matches gives the empty list (COUNT: 0); every other gives null with a
// warning, unless it has default outputs. An input value outside the input's
// allowed values makes the whole table null. Outputs that the order of values
// does not list come last for PRIORITY and OUTPUT ORDER.
//
// # Trace
//
// WithTrace records how a result came about, as data: each decision with what
// it was given, each table with every rule and condition, each expression with
// its text and value. Without it nothing is recorded and nothing is paid.
//
// # Speed
//
// Conditions that compare with constants are indexed by column: a table of 200
// rules costs little more than one of eight.
package dmn
