package feel

// Node is a node of the syntax tree. String returns FEEL text that compiles to
// the same tree.
type Node interface {
	// Offset is the byte at which the node starts in the source.
	Offset() int
	String() string
}

type at int

// Offset implements Node.
func (a at) Offset() int { return int(a) }

// The nodes of FEEL's grammar (DMN 1.5, 10.3.1.2).
type (
	// Literal is a number, string, boolean, null or @"…" literal.
	Literal struct {
		at
		Value Value
	}
	// Name is a variable, a function or "?".
	Name struct {
		at
		Name string
	}
	// Path is X.Name.
	Path struct {
		at
		X    Node
		Name string
	}
	// Filter is X[Cond].
	Filter struct {
		at
		X, Cond Node
	}
	// Invocation is Fn(Args…), with Names when the arguments are named.
	Invocation struct {
		at
		Fn    Node
		Args  []Node
		Names []string
	}
	// Negation is -X.
	Negation struct {
		at
		X Node
	}
	// Binary is an operation of two operands; Op is its sign or "and", "or".
	Binary struct {
		at
		Op   string
		X, Y Node
	}
	// Between is X between Low and High.
	Between struct {
		at
		X, Low, High Node
	}
	// In is X in Tests: one test, or several in parentheses.
	In struct {
		at
		X     Node
		Tests []Node
	}
	// InstanceOf is X instance of Type.
	InstanceOf struct {
		at
		X    Node
		Type *Type
	}
	// If is if Cond then Then else Else.
	If struct {
		at
		Cond, Then, Else Node
	}
	// Iterator is Name in List, or Name in List..End.
	Iterator struct {
		Name      string
		List, End Node
	}
	// For is for Iterators return Body.
	For struct {
		at
		Iterators []Iterator
		Body      Node
	}
	// Quantified is some or every Iterators satisfies Body.
	Quantified struct {
		at
		Every     bool
		Iterators []Iterator
		Body      Node
	}
	// FunctionLiteral is function(Params) Body.
	FunctionLiteral struct {
		at
		Params   []Param
		External bool
		Body     Node
	}
	// ListLiteral is [Items].
	ListLiteral struct {
		at
		Items []Node
	}
	// ContextEntry is Name: Value.
	ContextEntry struct {
		Name  string
		Value Node
	}
	// ContextLiteral is {Entries}.
	ContextLiteral struct {
		at
		Entries []ContextEntry
	}
	// RangeLiteral is [Low..High] with open or closed ends.
	RangeLiteral struct {
		at
		Low, High             Node
		LowClosed, HighClosed bool
	}
	// Comparison is a unary test such as "< X". In an expression, where it
	// stands in parentheses, it is a range.
	Comparison struct {
		at
		Op string
		X  Node
	}
	// UnaryTests are the tests of a decision table's cell. None at all is "-".
	UnaryTests struct {
		at
		Not   bool
		Tests []Node
	}
)
