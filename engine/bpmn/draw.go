package bpmn

import (
	_ "embed"
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Stylesheet is the CSS of the drawings, for the page's own style sheet. The
// colours are custom properties; without it a drawing uses its own light ones.
//
//go:embed diagram.css
var Stylesheet string

// Light colours as presentation attributes: any CSS overrides them.
const (
	ink     = "#10243e"
	night   = "#0b2a4a"
	line    = "#51606f"
	faint   = "#a9b3be"
	stone   = "#f6f1e7"
	paper   = "#ffffff"
	sky     = "#00a3dd"
	skySoft = "#e6f5fb"
	green   = "#1d6b4a"
	mint    = "#e5f3ec"
	red     = "#b3202c"
	rose    = "#fbeaea"
)

// pen writes SVG.
type pen struct {
	b      strings.Builder
	d      *Definitions
	o      Drawing
	marked bool
	of     map[string]shape
}

func (p *pen) f(format string, args ...any) { fmt.Fprintf(&p.b, format, args...) }

func esc(s string) string { return html.EscapeString(s) }

func f(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

func cond(b bool, yes, no string) string {
	if b {
		return yes
	}
	return no
}

// ground reports whether other shapes lie on s.
func (p *pen) ground(s shape) bool {
	switch s.x.name {
	case "participant", "lane", "group":
		return true
	}
	return (isSubprocess(s.x.name) || s.x.name == "callActivity") && s.expanded
}

// class returns the classes, stroke and fill of an element by its mark.
func (p *pen) class(s shape, base, fill string) (class, stroke, paint string) {
	class, stroke, paint = "bpmn-"+base, night, fill
	m := p.o.Marks[s.id]
	switch {
	case m == MarkHere && !p.ground(s):
		return class + " bpmn-here", sky, skySoft
	case m == MarkIncident:
		return class + " bpmn-incident", red, rose
	case m == MarkDone && !p.ground(s):
		return class + " bpmn-done", green, mint
	case p.marked && !p.ground(s):
		return class + " bpmn-open", line, paint
	}
	return class, stroke, paint
}

func (p *pen) shape(s shape) {
	label := p.o.label(p.d, s.x, s.id)
	name := s.x.name
	switch {
	case name == "participant" || name == "lane":
		p.lane(s, label, name)
	case strings.HasSuffix(name, "Event"):
		p.eventShape(s, label)
	case strings.HasSuffix(name, "Gateway"):
		p.gateway(s, label)
	case isActivity(name):
		p.task(s, label)
	case name == "dataObjectReference" || name == "dataObject" || name == "dataInput" || name == "dataOutput":
		b := s.box
		p.f(`<g class="bpmn-data"><path d="M%s %sh%sl%s %sv%sh%sz" fill="%s" stroke="%s"/>`, f(b.x), f(b.y), f(b.w-10), f(10), f(10), f(b.h-10), f(-b.w), paper, line)
		p.f(`<path d="M%s %sv10h10" fill="none" stroke="%s"/>`, f(b.x+b.w-10), f(b.y), line)
		p.outside(s, label)
		p.f("</g>\n")
	case name == "dataStoreReference" || name == "dataStore":
		b := s.box
		ry := b.h / 8
		p.f(`<g class="bpmn-data"><path d="M%s %sv%sa%s %s 0 0 0 %s 0v%s" fill="%s" stroke="%s"/><ellipse cx="%s" cy="%s" rx="%s" ry="%s" fill="%s" stroke="%s"/>`,
			f(b.x), f(b.y+ry), f(b.h-2*ry), f(b.w/2), f(ry), f(b.w), f(-(b.h - 2*ry)), paper, line, f(b.x+b.w/2), f(b.y+ry), f(b.w/2), f(ry), paper, line)
		p.outside(s, label)
		p.f("</g>\n")
	case name == "textAnnotation":
		b := s.box
		p.f(`<g class="bpmn-note"><path d="M%s %sh-12v%sh12" fill="none" stroke="%s"/>`, f(b.x+12), f(b.y), f(b.h), line)
		p.text(label, box{b.x + 6, b.y, b.w - 8, b.h}, 12, "start", true)
		p.f("</g>\n")
	case name == "group":
		b := s.box
		p.f(`<g class="bpmn-group"><rect x="%s" y="%s" width="%s" height="%s" rx="12" fill="none" stroke="%s" stroke-dasharray="8 4 2 4"/>`, f(b.x), f(b.y), f(b.w), f(b.h), line)
		p.text(label, box{b.x, b.y + 4, b.w, 18}, 12, "middle", false)
		p.f("</g>\n")
	default:
		b := s.box
		p.f(`<g class="bpmn-other"><rect x="%s" y="%s" width="%s" height="%s" rx="6" fill="%s" stroke="%s"/>`, f(b.x), f(b.y), f(b.w), f(b.h), paper, line)
		p.text(label, b, 12, "middle", true)
		p.f("</g>\n")
	}
}

func (p *pen) lane(s shape, label, name string) {
	b := s.box
	p.f(`<g class="bpmn-%s"><rect x="%s" y="%s" width="%s" height="%s" rx="%s" fill="%s" stroke="%s"/>`,
		cond(name == "lane", "lane", "pool"), f(b.x), f(b.y), f(b.w), f(b.h), cond(name == "lane", "0", "6"), cond(name == "lane", "none", paper), faint)
	const band = 30
	black := name == "participant" && s.x.attr("processRef") == "" && b.w > 2*band && b.h < 120
	switch {
	case black:
		p.text(label, b, 13, "middle", true)
	case s.vertical:
		p.f(`<path d="M%s %sh%s" stroke="%s"/>`, f(b.x), f(b.y+band), f(b.w), faint)
		p.text(label, box{b.x, b.y, b.w, band}, 13, "middle", true)
	default:
		p.f(`<path d="M%s %sv%s" stroke="%s"/>`, f(b.x+band), f(b.y), f(b.h), faint)
		m := point{b.x + band/2, b.y + b.h/2}
		p.f(`<g transform="rotate(-90 %s %s)">`, f(m.x), f(m.y))
		p.text(label, box{m.x - b.h/2, m.y - band/2, b.h, band}, 13, "middle", true)
		p.f("</g>")
	}
	p.f("</g>\n")
}

func (p *pen) task(s shape, label string) {
	b, x := s.box, s.x
	base, fill, dash := "task", stone, ""
	if isSubprocess(x.name) {
		base = "subprocess"
		if s.expanded {
			fill = paper
		}
		if x.attr("triggeredByEvent") == "true" {
			dash = ` stroke-dasharray="4 3"`
		}
	}
	class, stroke, paint := p.class(s, base, fill)
	width := "1.25"
	if x.name == "callActivity" {
		if s.expanded {
			paint = paper
		}
		width = "3"
	}
	if p.o.Marks[s.id] == MarkHere && !p.ground(s) {
		width = "2.5"
	}
	p.f(`<g class="%s"><rect class="bpmn-box" x="%s" y="%s" width="%s" height="%s" rx="10" fill="%s" stroke="%s" stroke-width="%s"%s/>`,
		class, f(b.x), f(b.y), f(b.w), f(b.h), paint, stroke, width, dash)
	if x.name == "transaction" {
		p.f(`<rect x="%s" y="%s" width="%s" height="%s" rx="8" fill="none" stroke="%s"/>`, f(b.x+3), f(b.y+3), f(b.w-6), f(b.h-6), stroke)
	}
	p.taskIcon(x, point{b.x + 7, b.y + 7}, stroke)
	inner := box{b.x + 7, b.y + 4, b.w - 14, b.h - 8}
	if n := p.taskMarkers(s, stroke); n > 0 {
		inner.h -= 16
	}
	if p.ground(s) {
		p.text(label, box{b.x + 12, b.y + 6, b.w - 24, 20}, 13, "start", false)
	} else {
		if icons[x.name] && b.h >= 44 {
			inner.y, inner.h = inner.y+10, inner.h-10
		}
		p.text(label, inner, 13, "middle", true)
	}
	if p.o.Marks[s.id] == MarkDone && !p.ground(s) {
		p.f(`<path class="bpmn-tick" d="M%s %sl4 4l7 -8" fill="none" stroke="%s" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/>`, f(b.x+b.w-19), f(b.y+13), green)
	}
	p.f("</g>\n")
}

func (p *pen) gateway(s shape, label string) {
	b := s.box
	class, stroke, paint := p.class(s, "gateway", paper)
	c := b.mid()
	p.f(`<g class="%s"><path class="bpmn-box" d="M%s %sL%s %sL%s %sL%s %sz" fill="%s" stroke="%s" stroke-width="1.25" stroke-linejoin="round"/>`, class,
		f(c.x), f(b.y), f(b.x+b.w), f(c.y), f(c.x), f(b.y+b.h), f(b.x), f(c.y), paint, stroke)
	r := b.w / 5
	switch s.x.name {
	case "exclusiveGateway":
		r *= 0.8
		p.f(`<path d="M%s %sl%s %sm0 %sl%s %s" fill="none" stroke="%s" stroke-width="2.5" stroke-linecap="round"/>`, f(c.x-r), f(c.y-r), f(2*r), f(2*r), f(-2*r), f(-2*r), f(2*r), stroke)
	case "parallelGateway":
		p.f(`<path d="M%s %sh%sM%s %sv%s" fill="none" stroke="%s" stroke-width="2.5" stroke-linecap="round"/>`, f(c.x-r), f(c.y), f(2*r), f(c.x), f(c.y-r), f(2*r), stroke)
	case "inclusiveGateway":
		p.f(`<circle cx="%s" cy="%s" r="%s" fill="none" stroke="%s" stroke-width="2.5"/>`, f(c.x), f(c.y), f(r), stroke)
	case "eventBasedGateway":
		p.f(`<circle cx="%s" cy="%s" r="%s" fill="none" stroke="%s"/><circle cx="%s" cy="%s" r="%s" fill="none" stroke="%s"/>`, f(c.x), f(c.y), f(r*1.45), stroke, f(c.x), f(c.y), f(r*1.15), stroke)
		p.pentagon(c, r*0.8, stroke)
	case "complexGateway":
		p.f(`<path d="M%s %sh%sM%s %sv%sM%s %sl%s %sm0 %sl%s %s" fill="none" stroke="%s" stroke-width="2"/>`, f(c.x-r), f(c.y), f(2*r), f(c.x), f(c.y-r), f(2*r),
			f(c.x-r*.7), f(c.y-r*.7), f(1.4*r), f(1.4*r), f(-1.4*r), f(-1.4*r), f(1.4*r), stroke)
	}
	if label != "" && !s.label.any() {
		s.label = box{c.x - 60, b.y - 20, 120, 16}
	}
	p.outside(s, label)
	p.f("</g>\n")
}

// outside writes a label beside its shape: where the diagram says, or below.
func (p *pen) outside(s shape, label string) {
	if label == "" {
		return
	}
	b := s.label
	if !b.any() {
		b = s.below()
	}
	p.beside(label, b, 12, 90, b.y+b.h/2 < s.box.y)
}

// beside writes a label that stands free. Tools measured it with their own font:
// what was one line stays one line, and a label above its shape grows upwards.
func (p *pen) beside(label string, b box, size, least float64, above bool) {
	need := least
	if w := width(label, size) + 2; b.h < 1.7*size && w < math.Max(1.7*b.w, least+20) {
		need = w
	}
	if b.w < need {
		b.x, b.w = b.x+b.w/2-need/2, need
	}
	if above {
		b.y += b.h - float64(len(wrap(label, b.w, size)))*size*1.2
	}
	p.f(`<g class="bpmn-label" stroke="%s" stroke-width="3" stroke-linejoin="round" paint-order="stroke">`, paper)
	p.text(label, b, size, "middle", false)
	p.f("</g>")
}

// pin says "you are here" above a shape.
func (p *pen) pin(s shape, m Mark) {
	word := ""
	if p.o.Word != nil {
		word = p.o.Word(m)
	}
	c := s.box.mid()
	top := s.box.y - 5
	fill := cond(m == MarkIncident, red, night)
	p.f(`<g class="bpmn-pin bpmn-pin-%s"><path d="M%s %sl-5 -6h10z" fill="%s"/>`, string(m), f(c.x), f(top), fill)
	if word == "" {
		p.f(`<circle cx="%s" cy="%s" r="7" fill="%s"/></g>`+"\n", f(c.x), f(top-11), fill)
		return
	}
	w := width(word, 12.5) + 24
	p.f(`<rect x="%s" y="%s" width="%s" height="20" rx="10" fill="%s"/>`, f(c.x-w/2), f(top-25), f(w), fill)
	p.f(`<text x="%s" y="%s" font-size="12" font-weight="600" text-anchor="middle" fill="#ffffff">%s</text></g>`+"\n", f(c.x), f(top-11), esc(word))
}

func (p *pen) edge(e edge) {
	class, stroke, w, dash := "bpmn-flow", line, "1.25", ""
	switch m := p.o.Marks[e.id]; {
	case m == MarkDone:
		class, stroke, w = "bpmn-flow bpmn-done", green, "1.75"
	case p.marked && e.x.name == "sequenceFlow":
		class, stroke = "bpmn-flow bpmn-open", faint
	}
	switch e.x.name {
	case "messageFlow":
		class, dash = "bpmn-message-flow", ` stroke-dasharray="6 4"`
	case "association", "dataInputAssociation", "dataOutputAssociation":
		class, dash, stroke = "bpmn-association", ` stroke-dasharray="1.5 4" stroke-linecap="round"`, line
	}
	p.f(`<g class="%s"><path class="bpmn-line" d="%s" fill="none" stroke="%s" stroke-width="%s" stroke-linejoin="round"%s/>`, class, rounded(e.points), stroke, w, dash)
	last := len(e.points) - 1
	a, z := e.points[last-1], e.points[last]
	switch e.x.name {
	case "sequenceFlow":
		p.arrow(a, z, 8, 3.5, stroke, stroke)
		if from := p.of[e.x.ref("sourceRef")]; from.x != nil {
			if from.x.ref("default") == e.id {
				p.slash(e.points[0], e.points[1], stroke)
			} else if e.x.kid("conditionExpression") != nil && isActivity(from.x.name) {
				p.diamond(e.points[0], e.points[1], stroke)
			}
		}
	case "messageFlow":
		p.arrow(a, z, 9, 4.5, stroke, paper)
		p.f(`<circle cx="%s" cy="%s" r="3.5" fill="%s" stroke="%s"/>`, f(e.points[0].x), f(e.points[0].y), paper, stroke)
	case "dataInputAssociation", "dataOutputAssociation":
		p.open(a, z, stroke)
	case "association":
		if d := e.x.attr("associationDirection"); d == "One" || d == "Both" {
			p.open(a, z, stroke)
		}
	}
	if label := p.o.label(p.d, e.x, e.id); label != "" {
		b := e.label
		if !b.any() {
			i := len(e.points) / 2
			m := point{(e.points[i-1].x + e.points[i].x) / 2, (e.points[i-1].y + e.points[i].y) / 2}
			b = box{m.x - 45, m.y - 18, 90, 14}
		}
		p.beside(label, b, 11.5, 60, true)
	}
	p.f("</g>\n")
}

// rounded is a path along the points with softened corners.
func rounded(ps []point) string {
	var b strings.Builder
	fmt.Fprintf(&b, "M%s %s", f(ps[0].x), f(ps[0].y))
	for i := 1; i < len(ps)-1; i++ {
		a, c, z := ps[i-1], ps[i], ps[i+1]
		r := math.Min(6, math.Min(dist(a, c), dist(c, z))/2)
		p, q := toward(c, a, r), toward(c, z, r)
		fmt.Fprintf(&b, "L%s %sQ%s %s %s %s", f(p.x), f(p.y), f(c.x), f(c.y), f(q.x), f(q.y))
	}
	l := ps[len(ps)-1]
	fmt.Fprintf(&b, "L%s %s", f(l.x), f(l.y))
	return b.String()
}

func dist(a, b point) float64 { return math.Hypot(a.x-b.x, a.y-b.y) }

// toward is the point at distance r from a in the direction of b.
func toward(a, b point, r float64) point {
	d := dist(a, b)
	if d == 0 {
		return a
	}
	return point{a.x + (b.x-a.x)/d*r, a.y + (b.y-a.y)/d*r}
}

// wings are the two points beside the line from z back to a.
func wings(a, z point, length, half float64) (point, point) {
	back := toward(z, a, length)
	d := dist(a, z)
	if d == 0 {
		return back, back
	}
	nx, ny := -(a.y-z.y)/d*half, (a.x-z.x)/d*half
	return point{back.x + nx, back.y + ny}, point{back.x - nx, back.y - ny}
}

func (p *pen) arrow(a, z point, length, half float64, stroke, fill string) {
	l, r := wings(a, z, length, half)
	p.f(`<path class="bpmn-head" d="M%s %sL%s %sL%s %sz" fill="%s" stroke="%s" stroke-linejoin="round"/>`, f(z.x), f(z.y), f(l.x), f(l.y), f(r.x), f(r.y), fill, stroke)
}

func (p *pen) open(a, z point, stroke string) {
	l, r := wings(a, z, 7, 4)
	p.f(`<path d="M%s %sL%s %sL%s %s" fill="none" stroke="%s"/>`, f(l.x), f(l.y), f(z.x), f(z.y), f(r.x), f(r.y), stroke)
}

func (p *pen) slash(a, b point, stroke string) {
	c := toward(a, b, 10)
	p.f(`<path d="M%s %sl6 -9" fill="none" stroke="%s" stroke-width="1.5"/>`, f(c.x-3), f(c.y+4.5), stroke)
}

func (p *pen) diamond(a, b point, stroke string) {
	l, r := wings(b, a, 6, 4)
	tip := toward(a, b, 12)
	p.f(`<path d="M%s %sL%s %sL%s %sL%s %sz" fill="%s" stroke="%s"/>`, f(a.x), f(a.y), f(l.x), f(l.y), f(tip.x), f(tip.y), f(r.x), f(r.y), paper, stroke)
}

// width estimates how wide a text is; the fonts differ, so it errs on the wide
// side.
func width(s string, size float64) float64 {
	w := 0.0
	for _, r := range s {
		switch {
		case strings.ContainsRune("iljtfrI.,:;'|!()[] ", r):
			w += 0.34
		case strings.ContainsRune("mwMW@%", r):
			w += 0.9
		case r >= 'A' && r <= 'Z':
			w += 0.68
		case r > 0x2e80:
			w += 1
		default:
			w += 0.56
		}
	}
	return w * size
}

// text writes a wrapped text into a box: centred (middle) or from its top.
func (p *pen) text(s string, b box, size float64, anchor string, middle bool) {
	if s == "" {
		return
	}
	var lines []string
	for ; ; size -= 0.5 {
		lines = wrap(s, b.w, size)
		if !middle || size <= 9 || float64(len(lines))*size*1.2 <= b.h && widest(lines, size) <= b.w {
			break
		}
	}
	if most := max(1, int((b.h+2)/(size*1.2))); middle && len(lines) > most {
		lines = lines[:most]
		lines[most-1] = strings.TrimRight(lines[most-1], " .,") + "…"
	}
	x := b.x + b.w/2
	if anchor == "start" {
		x = b.x
	}
	y := b.y + size
	if middle {
		y = b.y + b.h/2 - float64(len(lines)-1)*size*0.6 + size*0.35
	}
	p.f(`<text class="bpmn-text" font-size="%s" text-anchor="%s" fill="%s">`, f(size), anchor, ink)
	for i, l := range lines {
		p.f(`<tspan x="%s" y="%s">%s</tspan>`, f(x), f(y+float64(i)*size*1.2), esc(l))
	}
	p.f("</text>")
}

func widest(lines []string, size float64) float64 {
	w := 0.0
	for _, l := range lines {
		w = math.Max(w, width(l, size))
	}
	return w
}

// wrap breaks a text into lines; a word wider than the box breaks inside.
func wrap(s string, w, size float64) []string {
	var lines []string
	cur := ""
	for _, word := range strings.Fields(s) {
		if cur != "" && width(cur+" "+word, size) <= w {
			cur += " " + word
			continue
		}
		if cur != "" {
			lines = append(lines, cur)
		}
		for width(word, size) > w && utf8.RuneCountInString(word) > 4 && size <= 10 {
			rs := []rune(word)
			n := len(rs) - 1
			for n > 3 && width(string(rs[:n])+"-", size) > w {
				n--
			}
			lines = append(lines, string(rs[:n])+"-")
			word = string(rs[n:])
		}
		cur = word
	}
	return append(lines, cur)
}
