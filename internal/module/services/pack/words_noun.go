package pack

import (
	"slices"
	"strings"

	"passerelle/engine/feel"
	"passerelle/engine/form"
)

// noun tells a value; like says of what.
func (w *words) noun(n feel.Node, like thing) string {
	switch n := n.(type) {
	case *feel.Literal:
		return w.literal(n.Value, like)
	case *feel.Name, *feel.Path:
		if x, ok := w.thing(n); ok {
			return x.name
		}
	case *feel.Negation:
		return "−" + w.operand(n.X, "*", like)
	case *feel.ListLiteral:
		items := make([]string, len(n.Items))
		for i, item := range n.Items {
			items[i] = w.noun(item, like)
		}
		if len(items) == 0 {
			return w.loc.T("pack.feel.nothing")
		}
		return w.loc.List(items)
	case *feel.ContextLiteral:
		var entries []string
		for _, e := range n.Entries {
			kind := map[string]string{"outcome": "outcome", "reasons": "reason"}[e.Name]
			entries = append(entries, w.loc.T("pack.rule.under", "name", w.entry(e.Name), "text", w.noun(e.Value, thing{kind: kind})))
		}
		return strings.Join(entries, "; ")
	case *feel.If:
		return w.loc.T("pack.feel.if", "cond", w.clause(n.Cond), "then", w.noun(n.Then, like), "else", w.noun(n.Else, like))
	case *feel.Binary:
		if sign, ok := map[string]string{"+": "+", "-": "−", "*": "×", "/": "÷"}[n.Op]; ok {
			right := n.Op
			if right == "/" {
				right = "÷" // not even a product is divided by without brackets
			}
			return w.operand(n.X, n.Op, like) + " " + sign + " " + w.operand(n.Y, right, like)
		}
	case *feel.Invocation:
		return w.call(n, like)
	}
	if isClause(n) {
		return w.loc.T("pack.feel.whether", "cond", w.clause(n))
	}
	return w.give()
}

// entry is the name of a part of what a decision gives.
func (w *words) entry(name string) string {
	if key := "pack.feel.entry." + name; w.loc.Has(key) {
		return w.loc.T(key)
	}
	return name
}

// operand puts in brackets what would be read otherwise within an operation: a
// sum within a product, all that is taken away or divided by, a choice.
func (w *words) operand(n feel.Node, op string, like thing) string {
	text := w.noun(n, like)
	switch b := n.(type) {
	case *feel.If, *feel.Negation:
		return "(" + text + ")"
	case *feel.Binary:
		if op == "÷" || op != "+" && b.Op != "*" || b.Op == "-" {
			return "(" + text + ")"
		}
	}
	return text
}

func (w *words) literal(v feel.Value, like thing) string {
	if v.IsNull() {
		if like.kind == "met" {
			return w.loc.T("pack.state.unknown")
		}
		return w.loc.T("pack.noValue")
	}
	if b, ok := v.AsBool(); ok {
		if like.kind == "met" {
			return w.loc.T("pack.state." + map[bool]string{true: "met", false: "failed"}[b])
		}
		return w.quoted(show(w.loc, v, ""))
	}
	if _, ok := v.AsNumber(); ok && like.kind == "year" {
		return v.Text()
	}
	if _, ok := v.AsNumber(); ok && like.field != nil && like.field.Type == form.Money {
		return show(w.loc, v, "money")
	}
	if _, isNumber := v.AsNumber(); isNumber && like.unit != "" {
		return showParameter(w.loc, v, like.unit)
	}
	s, ok := v.AsString()
	if !ok {
		switch v.Kind() {
		case feel.KindNumber, feel.KindDate, feel.KindDateTime:
			return show(w.loc, v, "")
		case feel.KindDaysDuration, feel.KindMonthsDuration:
			return w.span(v.Text())
		}
		return w.give()
	}
	if like.field != nil && slices.Contains(like.field.Options, s) {
		return w.named("form."+like.field.Path()+".options."+s, s)
	}
	for _, kind := range []string{"outcome", "status"} {
		if key := "pack.feel." + kind + "." + s; like.kind == kind && w.loc.Has(key) {
			return w.quoted(w.loc.T(key))
		}
	}
	return w.named("reasons."+s, s)
}

// span is a duration in words.
func (w *words) span(iso string) string {
	if said := w.loc.Period(iso); said != iso {
		return said
	}
	v, ok := feel.ParseTemporal(iso)
	if d, isDuration := v.AsDuration(); ok && isDuration && d > 0 {
		if said := w.loc.Duration(d); said != "" {
			return said
		}
	}
	return iso
}

// call tells a function of FEEL.
func (w *words) call(n *feel.Invocation, like thing) string {
	args := n.Args
	text := func(i int) (string, bool) {
		if lit, ok := args[i].(*feel.Literal); ok {
			return lit.Value.AsString()
		}
		return "", false
	}
	switch fn := n.Fn.String(); {
	case n.Names != nil:
	case fn == "date" && len(args) == 1:
		if s, ok := text(0); ok {
			return w.loc.DateISO(s)
		}
	case fn == "duration" && len(args) == 1:
		if s, ok := text(0); ok {
			return w.span(s)
		}
		return w.computedSpan(args[0])
	case (fn == "string" || fn == "number") && len(args) == 1:
		return w.noun(args[0], like)
	case fn == "concatenate":
		return w.noun(&feel.ListLiteral{Items: args}, like)
	case slices.Contains([]string{"round half up", "round up", "round down", "round half down", "decimal"}, fn) && len(args) == 2:
		key := map[string]string{"round half up": "roundHalfUp", "round up": "roundUp", "round down": "roundDown", "round half down": "roundHalfDown", "decimal": "roundHalfEven"}[fn]
		return w.loc.T("pack.feel."+key, "x", w.noun(args[0], like), "n", w.noun(args[1], thing{}))
	case slices.Contains([]string{"floor", "ceiling", "count", "sum", "abs"}, fn) && len(args) == 1:
		return w.loc.T("pack.feel."+fn, "x", w.noun(args[0], like))
	case slices.Contains([]string{"min", "max"}, fn) && len(args) > 0:
		if _, ok := args[0].(*feel.ListLiteral); len(args) > 1 || ok {
			return w.loc.T("pack.feel."+fn, "x", w.noun(&feel.ListLiteral{Items: args}, like))
		}
	}
	if isClause(n) {
		return w.loc.T("pack.feel.whether", "cond", w.clause(n))
	}
	return w.give()
}

// computedSpan tells duration("P" + string(x) + "Y").
func (w *words) computedSpan(n feel.Node) string {
	outer, ok := n.(*feel.Binary)
	if !ok || outer.Op != "+" {
		return w.give()
	}
	inner, ok := outer.X.(*feel.Binary)
	if !ok || inner.Op != "+" || inner.X.String() != `"P"` {
		return w.give()
	}
	unit, ok := map[string]string{`"Y"`: "years", `"M"`: "months", `"D"`: "days"}[outer.Y.String()]
	if !ok {
		return w.give()
	}
	return w.loc.T("pack."+unit+"Part", "n", w.noun(inner.Y, thing{}))
}

// lines tells a formula line by line: each branch of an if, each part of a list.
func (w *words) lines(text string, like thing) []Line {
	e, err := feel.Compile(text, w.names)
	if err != nil {
		return []Line{{Text: w.loc.T("pack.rule.formula"), Code: trimmed(text)}}
	}
	return w.branches(e.AST(), like)
}

func (w *words) branches(n feel.Node, like thing) []Line {
	switch x := n.(type) {
	case *feel.If:
		return w.chain(x, like)
	case *feel.Invocation:
		if x.Fn.String() == "concatenate" && x.Names == nil {
			var all []Line
			for _, arg := range x.Args {
				all = append(all, w.branches(arg, like)...)
			}
			return all
		}
	}
	w.lost = false
	said := ""
	if isClause(n) {
		said = w.loc.T("pack.rule.holds", "cond", w.clause(n))
	} else {
		said = w.loc.T("pack.rule.value", "value", w.noun(n, like))
	}
	if w.lost {
		return []Line{{Text: w.loc.T("pack.rule.formula"), Code: n.String()}}
	}
	return []Line{say(said)}
}

// chain tells if … else if … else, a line for each; that there is nothing else
// is not told.
func (w *words) chain(n *feel.If, like thing) []Line {
	var all []Line
	for key := "pack.rule.if"; ; key = "pack.rule.elseIf" {
		all = append(all, w.branch(key, n, like))
		next, ok := n.Else.(*feel.If)
		if ok {
			n = next
			continue
		}
		if list, ok := n.Else.(*feel.ListLiteral); ok && len(list.Items) == 0 {
			return all
		}
		w.lost = false
		last := say(w.loc.T("pack.rule.else", "value", w.noun(n.Else, like)))
		if w.lost {
			last = Line{Text: w.loc.T("pack.rule.else", "value", w.loc.T("pack.line.result")), Code: n.Else.String()}
		}
		return append(all, last)
	}
}

// branch tells one if with its value; of the two, what has no words stays as it
// is written.
func (w *words) branch(key string, n *feel.If, like thing) Line {
	w.lost = false
	cond := w.clause(n.Cond)
	noCond := w.lost
	w.lost = false
	value := w.noun(n.Then, like)
	noValue := w.lost
	switch {
	case noCond && noValue:
		return Line{Text: w.loc.T("pack.rule.formula"), Code: "if " + n.Cond.String() + " then " + n.Then.String()}
	case noCond:
		return Line{Text: w.loc.T(key, "cond", w.loc.T("pack.line.holds"), "value", value), Code: n.Cond.String()}
	case noValue:
		return Line{Text: w.loc.T(key, "cond", cond, "value", w.loc.T("pack.line.result")), Code: n.Then.String()}
	}
	return say(w.loc.T(key, "cond", cond, "value", value))
}
