package feel

// Walk calls f for a node and for every node below it, in the order of the text.
func Walk(n Node, f func(Node)) {
	if n == nil {
		return
	}
	f(n)
	all := func(nodes ...Node) {
		for _, x := range nodes {
			Walk(x, f)
		}
	}
	iterators := func(list []Iterator) {
		for _, i := range list {
			all(i.List, i.End)
		}
	}
	switch n := n.(type) {
	case *Path:
		all(n.X)
	case *Filter:
		all(n.X, n.Cond)
	case *Invocation:
		all(n.Fn)
		all(n.Args...)
	case *Negation:
		all(n.X)
	case *Binary:
		all(n.X, n.Y)
	case *Between:
		all(n.X, n.Low, n.High)
	case *In:
		all(n.X)
		all(n.Tests...)
	case *InstanceOf:
		all(n.X)
	case *If:
		all(n.Cond, n.Then, n.Else)
	case *For:
		iterators(n.Iterators)
		all(n.Body)
	case *Quantified:
		iterators(n.Iterators)
		all(n.Body)
	case *FunctionLiteral:
		all(n.Body)
	case *ListLiteral:
		all(n.Items...)
	case *ContextLiteral:
		for _, e := range n.Entries {
			all(e.Value)
		}
	case *RangeLiteral:
		all(n.Low, n.High)
	case *Comparison:
		all(n.X)
	case *UnaryTests:
		all(n.Tests...)
	}
}
