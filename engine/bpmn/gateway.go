package bpmn

// choose says along which flows a token leaves n, or why that is unknown
// (BPMN 2.0.2, 13.3.2 for activities, 13.4 for gateways).
func (r *run) choose(n *node, t *Token) ([]*flow, string) {
	conditional := 0
	for _, f := range n.out {
		if f.cond != nil {
			conditional++
		}
	}
	if conditional == 0 || n.kind == kParallel {
		return n.out, ""
	}
	vars := r.scope(t)
	var chosen []*flow
	met := false
	for _, f := range n.out {
		if f == n.def {
			continue
		}
		if f.cond != nil {
			ok, why := f.cond.test(vars)
			if why != "" {
				return nil, f.id + ": " + why
			}
			if !ok {
				continue
			}
			met = true
		}
		chosen = append(chosen, f)
		if n.kind == kExclusive {
			return chosen, ""
		}
	}
	if !met && n.def != nil {
		chosen = append(chosen, n.def)
	}
	if len(chosen) == 0 {
		return nil, "no condition is true and there is no default flow"
	}
	return chosen, ""
}

// waiting returns the oldest token on each incoming flow of a join, and the
// indexes of the flows without one.
func (r *run) waiting(n *node, in string) (have []*Token, missing []int) {
	first := map[string]*Token{}
	for _, t := range r.tokens {
		if t.El == n.ID && t.In == in && t.Flow != "" && first[t.Flow] == nil {
			first[t.Flow] = t
		}
	}
	for i, f := range n.in {
		if t := first[f.id]; t != nil {
			have = append(have, t)
		} else {
			missing = append(missing, i)
		}
	}
	return have, missing
}

// parallelJoin goes on when every incoming flow has brought a token
// (BPMN 2.0.2, 13.4.1).
func (r *run) parallelJoin(t *Token, n *node) {
	t.Wait = waitJoin
	if have, missing := r.waiting(n, t.In); len(missing) == 0 {
		r.merge(have[0])
	}
}

// merge makes one token of those that wait at the join of t, one from each
// incoming flow, and lets it leave.
func (r *run) merge(t *Token) {
	n := r.node(t)
	if t.Flow == "" {
		r.leave(t)
		return
	}
	have, _ := r.waiting(n, t.In)
	for _, o := range have {
		if o == t {
			continue
		}
		if o.Wait == WaitIncident {
			r.clear(o)
		}
		r.remove(o)
	}
	if t.Wait == WaitIncident {
		r.clear(t)
	}
	t.Flow, t.Wait = "", ""
	r.leave(t)
}

// inclusiveJoins lets the first inclusive join go on that no further token can
// reach. The rule is that of BPMN 2.0.2, 13.4.3: a token elsewhere holds the
// join back when it can reach an empty incoming flow, unless it can also reach
// one that has a token.
func (r *run) inclusiveJoins() bool {
	for _, t := range r.tokens {
		n := r.node(t)
		if n.kind != kInclusive || t.Wait != waitJoin {
			continue
		}
		have, missing := r.waiting(n, t.In)
		if !r.heldBack(n, t.In, have, missing) {
			r.merge(have[0])
			return true
		}
	}
	return false
}

func (r *run) heldBack(n *node, in string, have []*Token, missing []int) bool {
	for _, o := range r.tokens {
		if o.In != in || o.El == n.ID && o.Flow != "" {
			continue
		}
		at := r.node(o)
		for _, i := range missing {
			if !n.back[i][at] {
				continue
			}
			also := false
			for j, f := range n.in {
				for _, h := range have {
					also = also || h.Flow == f.id && n.back[j][at]
				}
			}
			if !also {
				return true
			}
		}
	}
	return false
}

// unblock looks for joins that wait for a token that can never come. Inclusive
// joins that hold one another back go on, the oldest first; a parallel join
// becomes an incident, so that nothing stands still unnamed.
func (r *run) unblock() bool {
	for _, t := range r.tokens {
		n := r.node(t)
		if t.Wait != waitJoin {
			continue
		}
		if n.kind == kInclusive {
			if r.onlyJoins(t.In) {
				r.merge(t)
				return true
			}
			continue
		}
		have, missing := r.waiting(n, t.In)
		for _, i := range missing {
			if r.canArrive(n, i, t.In) && !r.onlyJoins(t.In) {
				continue
			}
			if have[0].Wait != WaitIncident {
				r.fail(have[0], "join", "join", "no token can arrive on "+n.in[i].id)
				return true
			}
			break
		}
	}
	return false
}

// onlyJoins reports whether all tokens of a scope wait at joins.
func (r *run) onlyJoins(in string) bool {
	for _, t := range r.tokens {
		if t.In == in && t.Wait != waitJoin {
			return false
		}
	}
	return true
}

func (r *run) canArrive(n *node, i int, in string) bool {
	for _, o := range r.tokens {
		if o.In == in && o.El != n.ID && n.back[i][r.node(o)] {
			return true
		}
	}
	return false
}
