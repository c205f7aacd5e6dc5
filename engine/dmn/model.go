package dmn

// Definitions is one DMN model as written. Change nothing after Compile.
type Definitions struct {
	Pos
	ID, Name, Namespace string
	Imports             []*Import
	Types               []*ItemDefinition
	Inputs              []*InputData
	Decisions           []*Decision
	Knowledge           []*KnowledgeModel
	Services            []*Service
}

// Import makes the elements of another model known under a prefix.
type Import struct {
	Pos
	Name, Namespace, Location string
	Type                      string // importType: the language of what is imported
}

// ItemDefinition is a named type, or one component of it.
type ItemDefinition struct {
	Pos
	ID, Name, Label, TypeRef string
	Collection               bool
	Allowed                  *UnaryTests // of a collection: for its items
	Constraint               *UnaryTests // of the whole value
	Components               []*ItemDefinition
	Function                 *FunctionItem
}

// FunctionItem is the type of a function.
type FunctionItem struct {
	Result string
	Params []Variable
}

// Variable is a name with a type; also a formal parameter.
type Variable struct {
	Pos
	ID, Name, TypeRef string
}

// InputData is a fact that comes from outside.
type InputData struct {
	Pos
	ID, Name, Label, Description string
	Variable                     Variable
}

// Decision is a value computed from what it requires.
type Decision struct {
	Pos
	ID, Name, Label, Description string
	Question, AllowedAnswers     string
	Variable                     Variable
	Requires                     []Requirement
	Logic                        Expression // nil: no logic is given
}

// RequirementKind tells what a requirement refers to.
type RequirementKind string

// The kinds of requirements.
const (
	RequiresInput     RequirementKind = "input"
	RequiresDecision  RequirementKind = "decision"
	RequiresKnowledge RequirementKind = "knowledge" // a knowledge model or a decision service
)

// Requirement refers to another element: "#id", or "namespace#id".
type Requirement struct {
	Pos
	Kind RequirementKind
	Href string
}

// KnowledgeModel is a named function (business knowledge model).
type KnowledgeModel struct {
	Pos
	ID, Name, Label, Description string
	Variable                     Variable
	Requires                     []Requirement
	Function                     *FunctionDefinition // nil: no logic is given
}

// Service is a decision service: a part of the requirement graph that can be
// called like a function.
type Service struct {
	Pos
	ID, Name, Label, Description  string
	Variable                      Variable
	Outputs, Encapsulated         []Requirement
	InputDecisions, InputDataRefs []Requirement
}

// Expression is one of the boxed expressions: *Literal, *DecisionTable,
// *Context, *Relation, *List, *FunctionDefinition, *Invocation, *Conditional,
// *Filter, *Iteration.
type Expression interface{ box() *Box }

// Box is what all boxed expressions have.
type Box struct {
	Pos
	ID, Label, TypeRef, Description string
}

func (b *Box) box() *Box { return b }

// Literal is a FEEL expression.
type Literal struct {
	Box
	Text    string
	TextPos Pos
	Lang    string // expression language; empty or FEEL
}

// UnaryTests is a FEEL text that tests a value.
type UnaryTests struct {
	Pos
	Text string
}

// Context is a list of named expressions; one without a name is the result.
type Context struct {
	Box
	Entries []ContextEntry
}

// ContextEntry is one line of a Context. Variable.Name is empty for the result.
type ContextEntry struct {
	Variable Variable
	Value    Expression
}

// List is a list of expressions.
type List struct {
	Box
	Items []Expression
}

// Relation is a list of contexts of the same names.
type Relation struct {
	Box
	Columns []Variable
	Rows    [][]Expression
}

// FunctionDefinition is a function with a body.
type FunctionDefinition struct {
	Box
	Kind   string // FEEL, Java or PMML
	Params []Variable
	Body   Expression
}

// Invocation calls a function by the names of its parameters.
type Invocation struct {
	Box
	Callee   Expression
	Bindings []Binding
}

// Binding gives one parameter its value.
type Binding struct {
	Param Variable
	Value Expression // nil: null
}

// Conditional is a boxed if.
type Conditional struct {
	Box
	If, Then, Else Expression
}

// Filter keeps the items of In for which Match is true.
type Filter struct {
	Box
	In, Match Expression
}

// Iteration is a boxed "for", "every" or "some".
type Iteration struct {
	Box
	Kind     string // for, every, some
	Variable string
	In, Each Expression // Each: what is returned, or must be satisfied
}

// HitPolicy says which rules of a table count.
type HitPolicy string

// The hit policies (DMN 1.5, 8.2.8).
const (
	Unique      HitPolicy = "UNIQUE"
	Any         HitPolicy = "ANY"
	Priority    HitPolicy = "PRIORITY"
	First       HitPolicy = "FIRST"
	RuleOrder   HitPolicy = "RULE ORDER"
	OutputOrder HitPolicy = "OUTPUT ORDER"
	Collect     HitPolicy = "COLLECT"
)

// Aggregation is how COLLECT combines several outputs; empty: as a list.
type Aggregation string

// The aggregations.
const (
	Sum   Aggregation = "SUM"
	Count Aggregation = "COUNT"
	Min   Aggregation = "MIN"
	Max   Aggregation = "MAX"
)

// DecisionTable is a table of rules.
type DecisionTable struct {
	Box
	HitPolicy   HitPolicy
	Aggregation Aggregation
	OutputLabel string
	Inputs      []TableInput
	Outputs     []TableOutput
	Annotations []string // names of the annotation columns
	Rules       []Rule
}

// TableInput is an input column.
type TableInput struct {
	Pos
	ID, Label string
	Expr      *Literal
	Values    *UnaryTests // allowed values
}

// TableOutput is an output column.
type TableOutput struct {
	Pos
	ID, Label, Name, TypeRef string
	Values                   *UnaryTests // allowed values, highest priority first
	Default                  *Literal
}

// Rule is one row of a table.
type Rule struct {
	Pos
	ID, Description string
	Inputs          []UnaryTests
	Outputs         []*Literal
	Annotations     []string
}
