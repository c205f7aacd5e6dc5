package bpmn

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Mark says how an element or sequence flow is shown in a drawing.
type Mark string

// Marks; what has none has not been reached.
const (
	MarkDone     Mark = "done"
	MarkHere     Mark = "here"     // the process stands here
	MarkIncident Mark = "incident" // it stands here and a person must resolve something
)

// Drawing says how a diagram is drawn. All words come from the caller, so that
// they can be translated; a word that is not given is left out.
type Drawing struct {
	ID    string                 // prefix of the ids in the SVG, unique in the page
	Title string                 // names the picture
	Marks map[string]Mark        // element and sequence flow ids; see Process.Marks
	Text  func(id string) string // label of an element; nil or "": the label in the file
	Word  func(Mark) string      // such as "You are here" and "done"; nil: none
}

type point struct{ x, y float64 }
type box struct{ x, y, w, h float64 }

func (b box) mid() point    { return point{b.x + b.w/2, b.y + b.h/2} }
func (b box) any() bool     { return b.w > 0 && b.h > 0 }
func (b box) area() float64 { return b.w * b.h }
func (b box) union(o box) box {
	if !b.any() {
		return o
	}
	x, y := math.Min(b.x, o.x), math.Min(b.y, o.y)
	return box{x, y, math.Max(b.x+b.w, o.x+o.w) - x, math.Max(b.y+b.h, o.y+o.h) - y}
}

// shape is a BPMNShape with what it shows.
type shape struct {
	x        *xnode
	id       string
	box      box
	label    box
	expanded bool
	vertical bool
}

type edge struct {
	x      *xnode
	id     string
	points []point
	label  box
}

type diagram struct {
	name   string
	of     string // bpmnElement of the plane
	shapes []shape
	edges  []edge
	bounds box
}

// Diagrams returns how many diagrams the file holds.
func (d *Definitions) Diagrams() int { return len(d.planes()) }

func (d *Definitions) planes() []*xnode {
	var out []*xnode
	for _, x := range d.root.kids {
		if x.space == nsBPMNDI && x.name == "BPMNDiagram" {
			out = append(out, x)
		}
	}
	return out
}

// diagram reads the diagram interchange (BPMN 2.0.2, chapter 12).
func (d *Definitions) diagram(x *xnode) *diagram {
	g := &diagram{name: x.attr("name")}
	plane := child(x, "BPMNPlane")
	if plane == nil {
		return g
	}
	g.of = plane.ref("bpmnElement")
	for _, k := range plane.kids {
		if k.space != nsBPMNDI {
			continue
		}
		id := k.ref("bpmnElement")
		of := d.byID[id]
		switch k.name {
		case "BPMNShape":
			s := shape{x: of, id: id, box: bounds(child(k, "Bounds")), expanded: k.attr("isExpanded") == "true",
				vertical: k.attr("isHorizontal") == "false"}
			if of == nil || !s.box.any() {
				continue
			}
			if l := child(k, "BPMNLabel"); l != nil {
				s.label = bounds(child(l, "Bounds"))
			}
			g.shapes = append(g.shapes, s)
			g.bounds = g.bounds.union(s.box)
			if s.label.any() {
				g.bounds = g.bounds.union(s.label)
			} else if free(of.name) {
				g.bounds = g.bounds.union(s.below())
			}
		case "BPMNEdge":
			e := edge{x: of, id: id}
			for _, w := range k.kids {
				if w.name == "waypoint" {
					e.points = append(e.points, point{num(w, "x"), num(w, "y")})
				}
			}
			if l := child(k, "BPMNLabel"); l != nil {
				e.label = bounds(child(l, "Bounds"))
			}
			if of == nil || len(e.points) < 2 {
				continue
			}
			g.edges = append(g.edges, e)
			for _, p := range e.points {
				g.bounds = g.bounds.union(box{p.x, p.y, 1, 1})
			}
		}
	}
	// Large shapes lie under small ones: pools, lanes, subprocesses, tasks, events.
	slices.SortStableFunc(g.shapes, func(a, b shape) int {
		switch {
		case a.box.area() > b.box.area():
			return -1
		case a.box.area() < b.box.area():
			return 1
		}
		return 0
	})
	return g
}

// free tells the shapes whose label stands beside them.
func free(name string) bool {
	return strings.HasSuffix(name, "Event") || strings.HasPrefix(name, "data")
}

// below is where a label goes that the diagram gives no place.
func (s shape) below() box { return box{s.box.mid().x - 60, s.box.y + s.box.h + 3, 120, 30} }

func child(x *xnode, name string) *xnode {
	for _, k := range x.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

func num(x *xnode, name string) float64 {
	v, err := strconv.ParseFloat(x.attr(name), 64)
	if err != nil || math.IsNaN(v) || math.Abs(v) > 1e6 {
		return 0
	}
	return v
}

func bounds(x *xnode) box {
	if x == nil {
		return box{}
	}
	return box{num(x, "x"), num(x, "y"), num(x, "width"), num(x, "height")}
}

// label is the text of an element in the file.
func (d *Definitions) label(x *xnode) string {
	switch x.name {
	case "textAnnotation":
		if t := x.kid("text"); t != nil {
			return t.text
		}
	case "group":
		if v := d.byID[x.ref("categoryValueRef")]; v != nil {
			return v.attr("value")
		}
	}
	return x.attr("name")
}

// SVG draws the diagram that shows the process. An error means that the file has
// no diagram of it, or that w fails.
func (p *Process) SVG(w io.Writer, o Drawing) error {
	if _, i := p.diagram(); i >= 0 {
		return p.defs.SVG(w, i, o)
	}
	return fmt.Errorf("bpmn: the file has no diagram of process %q", p.ID)
}

// Labels lists the ids of all that the diagram of the process shows with a label
// (elements, sequence flows, lanes, notes): what a translation needs words for.
func (p *Process) Labels() []string {
	g, i := p.diagram()
	if i < 0 {
		return nil
	}
	var ids []string
	for _, s := range g.shapes {
		if p.defs.label(s.x) != "" {
			ids = append(ids, s.id)
		}
	}
	for _, e := range g.edges {
		if p.defs.label(e.x) != "" {
			ids = append(ids, e.id)
		}
	}
	slices.Sort(ids)
	return ids
}

// diagram finds the first diagram that shows the process itself.
func (p *Process) diagram() (*diagram, int) {
	for i, x := range p.defs.planes() {
		g := p.defs.diagram(x)
		for _, s := range g.shapes {
			if n := p.nodes[s.id]; n != nil && n.up == p.root {
				return g, i
			}
		}
	}
	return nil, -1
}

// Marks says for each element and sequence flow of the process how it is shown:
// where the process stands, and where it has been.
func (p *Process) Marks(s State) map[string]Mark {
	m := map[string]Mark{}
	for id, n := range s.Count {
		if n > 0 && (p.nodes[id] != nil || p.flows[id] != nil) {
			m[id] = MarkDone
		}
	}
	for _, t := range s.Tokens {
		switch {
		case t.Wait == WaitIncident:
			m[t.El] = MarkIncident
		case t.Wait != waitJoin && m[t.El] != MarkIncident:
			m[t.El] = MarkHere
		}
	}
	return m
}

// SVG draws one diagram of the file, from 0, as accessible SVG: one image with a
// title, and a description that tells the path in words. It holds neither style
// attributes nor scripts; its classes are those of Stylesheet.
func (d *Definitions) SVG(w io.Writer, n int, o Drawing) error {
	planes := d.planes()
	if n < 0 || n >= len(planes) {
		return fmt.Errorf("bpmn: the file has %d diagrams", len(planes))
	}
	g := d.diagram(planes[n])
	pen := &pen{d: d, o: o, marked: len(o.Marks) > 0, of: map[string]shape{}}
	for _, s := range g.shapes {
		pen.of[s.id] = s
	}
	b := g.bounds
	if !b.any() {
		b = box{0, 0, 100, 40}
	}
	b = box{b.x - 24, b.y - 34, b.w + 48, b.h + 64}
	id := first(o.ID, "bpmn")
	title := first(o.Title, g.name, d.root.attr("name"))
	pen.f(`<svg xmlns="http://www.w3.org/2000/svg" class="bpmn%s" role="img" aria-labelledby="%s-title %s-desc" viewBox="%s %s %s %s" width="%s" height="%s" font-family="'Atkinson Hyperlegible Next Variable', 'Atkinson Hyperlegible Next', 'DejaVu Sans', sans-serif">`,
		cond(pen.marked, " bpmn-marked", ""), esc(id), esc(id), f(b.x), f(b.y), f(b.w), f(b.h), f(b.w), f(b.h))
	pen.f("\n<title id=\"%s-title\">%s</title>\n<desc id=\"%s-desc\">%s</desc>\n", esc(id), esc(title), esc(id), esc(strings.Join(d.path(g, o), "; ")))
	var pins []shape
	small := 0
	for i, s := range g.shapes {
		if pen.ground(s) {
			pen.shape(s)
			small = i + 1
		}
	}
	for _, e := range g.edges {
		pen.edge(e)
	}
	for i, s := range g.shapes {
		if i >= small || !pen.ground(s) {
			pen.shape(s)
		}
		if m := o.Marks[s.id]; m == MarkHere || m == MarkIncident {
			if !pen.ground(s) {
				pins = append(pins, s)
			}
		}
	}
	for _, s := range pins {
		pen.pin(s, o.Marks[s.id])
	}
	pen.f("</svg>\n")
	_, err := io.WriteString(w, pen.b.String())
	return err
}

// path tells the diagram in words: the steps in the order of their flows, each
// with its mark.
func (d *Definitions) path(g *diagram, o Drawing) []string {
	in, next := map[string]int{}, map[string][]string{}
	for _, e := range g.edges {
		if e.x.name == "sequenceFlow" {
			from, to := e.x.ref("sourceRef"), e.x.ref("targetRef")
			next[from] = append(next[from], to)
			in[to]++
		}
	}
	for _, s := range g.shapes {
		if s.x.name == "boundaryEvent" {
			host := s.x.ref("attachedToRef")
			next[host] = append(next[host], s.id)
			in[s.id]++
		}
	}
	shown := map[string]*xnode{}
	order := make([]shape, 0, len(g.shapes))
	for _, s := range g.shapes {
		if strings.HasSuffix(s.x.name, "Event") || strings.HasSuffix(s.x.name, "Gateway") || isActivity(s.x.name) {
			shown[s.id] = s.x
			order = append(order, s)
		}
	}
	slices.SortStableFunc(order, func(a, b shape) int { return cmpFloat(a.box.x, b.box.x) })
	// Each step comes after those that lead to it, as far as loops allow.
	var last []string
	seen := map[string]bool{}
	var visit func(id string)
	visit = func(id string) {
		if shown[id] == nil || seen[id] {
			return
		}
		seen[id] = true
		for _, n := range slices.Backward(next[id]) {
			visit(n)
		}
		last = append(last, id)
	}
	for _, inner := range []bool{false, true} {
		for _, s := range slices.Backward(order) {
			if inner == (in[s.id] > 0) {
				visit(s.id)
			}
		}
	}
	var out []string
	for _, id := range slices.Backward(last) {
		if l := o.label(d, shown[id], id); l != "" {
			if m := o.Marks[id]; m != "" && o.Word != nil && o.Word(m) != "" {
				l += " (" + o.Word(m) + ")"
			}
			out = append(out, l)
		}
	}
	return out
}

func cmpFloat(a, b float64) int {
	if a < b {
		return -1
	} else if a > b {
		return 1
	}
	return 0
}

func isActivity(name string) bool {
	return name == "task" || strings.HasSuffix(name, "Task") || name == "callActivity" || isSubprocess(name)
}

func isSubprocess(name string) bool {
	return name == "subProcess" || name == "transaction" || name == "adHocSubProcess"
}

func (o Drawing) label(d *Definitions, x *xnode, id string) string {
	if o.Text != nil {
		if t := o.Text(id); t != "" {
			return strings.Join(strings.Fields(t), " ")
		}
	}
	return strings.Join(strings.Fields(d.label(x)), " ")
}
