package bpmn

import (
	"math"
	"strings"
)

// icons says which tasks show a sign in their corner.
var icons = map[string]bool{"userTask": true, "serviceTask": true, "businessRuleTask": true, "sendTask": true,
	"receiveTask": true, "scriptTask": true, "manualTask": true}

// taskIcon draws the sign of a task, 14 units wide, at its upper left corner.
func (p *pen) taskIcon(x *xnode, at point, stroke string) {
	if !icons[x.name] {
		return
	}
	p.f(`<g class="bpmn-icon" transform="translate(%s %s)" fill="none" stroke="%s" stroke-width="1.1" stroke-linejoin="round" stroke-linecap="round">`, f(at.x), f(at.y), stroke)
	switch x.name {
	case "userTask":
		p.f(`<circle cx="7" cy="4" r="3"/><path d="M1 13c0-7 12-7 12 0z"/>`)
	case "manualTask":
		p.f(`<path d="M1 6l4-4h4c1.5 0 1.5 2 0 2H7h5.500c1.5 0 1.5 2 0 2H8.500h4c1.5 0 1.5 2 0 2h-4h3c1.5 0 1.5 2 0 2H4L1 8z"/>`)
	case "serviceTask":
		p.f(`<circle cx="7" cy="7" r="2"/><circle cx="7" cy="7" r="4.3"/><path d="M7 0.800v1.900M7 11.300v1.900M0.8 7h1.900M11.3 7h1.900M2.6 2.600l1.4 1.400M10 10l1.4 1.400M2.6 11.400l1.4-1.400M10 4l1.4-1.4"/>`)
	case "businessRuleTask":
		p.f(`<rect x="0.5" y="1.5" width="13" height="11" rx="1"/><path d="M0.5 5h13M0.5 8.700h13M5 5v7.5"/>`)
	case "sendTask":
		p.f(`<path d="M0.5 2.500h13v9h-13z" fill="%s"/><path d="M0.5 2.500l6.5 5l6.5-5" stroke="%s"/>`, stroke, paper)
	case "receiveTask":
		p.f(`<path d="M0.5 2.500h13v9h-13zl6.5 5l6.5-5"/>`)
	case "scriptTask":
		p.f(`<path d="M3 1h9c-4 4 3 8-1 12H2c4-4-3-8 1-12zM4.5 4.500h4M4.5 7h4M5.5 9.500h4"/>`)
	}
	p.f("</g>")
}

// taskMarkers draws the signs at the lower edge of an activity and returns how
// many there are.
func (p *pen) taskMarkers(s shape, stroke string) int {
	var marks []string
	x := s.x
	for _, k := range x.kids {
		switch k.name {
		case "standardLoopCharacteristics":
			marks = append(marks, "M5 11.500L2 11.500L2.5 8.500M2.5 11.200A5 5 0 1 1 7 12")
		case "multiInstanceLoopCharacteristics":
			if k.attr("isSequential") == "true" {
				marks = append(marks, "M1 2.500h11M1 6.500h11M1 10.500h11")
			} else {
				marks = append(marks, "M2.5 1v11M6.5 1v11M10.5 1v11")
			}
		}
	}
	if x.attr("isForCompensation") == "true" {
		marks = append(marks, "M6.5 2v9L1 6.500zM12 2v9L6.5 6.500z")
	}
	if x.name == "adHocSubProcess" {
		marks = append(marks, "M1 8c2-5 4-3 5.5-1.500s3.5 3 5.5-1.5")
	}
	if isSubprocess(x.name) && !s.expanded {
		marks = append(marks, "M0.5 0.500h12v12h-12zM6.5 3v7M3 6.500h7")
	}
	left := s.box.x + s.box.w/2 - float64(len(marks))*16/2
	for i, m := range marks {
		p.f(`<path transform="translate(%s %s)" d="%s" fill="none" stroke="%s" stroke-width="1.2"/>`,
			f(left+float64(i)*16+1), f(s.box.y+s.box.h-17), m, stroke)
	}
	return len(marks)
}

func (p *pen) eventShape(s shape, label string) {
	b, c := s.box, s.box.mid()
	r := math.Min(b.w, b.h) / 2
	class, stroke, paint := p.class(s, "event", paper)
	throws := s.x.name == "endEvent" || s.x.name == "intermediateThrowEvent"
	width, dash := "1.25", ""
	if s.x.name == "endEvent" {
		width = "3"
	}
	if s.x.attr("cancelActivity") == "false" || s.x.attr("isInterrupting") == "false" {
		dash = ` stroke-dasharray="4 3"`
	}
	p.f(`<g class="%s"><circle class="bpmn-box" cx="%s" cy="%s" r="%s" fill="%s" stroke="%s" stroke-width="%s"%s/>`, class, f(c.x), f(c.y), f(r), paint, stroke, width, dash)
	if strings.HasPrefix(s.x.name, "intermediate") || s.x.name == "boundaryEvent" {
		p.f(`<circle cx="%s" cy="%s" r="%s" fill="none" stroke="%s" stroke-width="1.25"%s/>`, f(c.x), f(c.y), f(r-3), stroke, dash)
	}
	var defs []string
	for _, k := range s.x.kids {
		if k.name == "eventDefinitionRef" {
			if k = p.d.byID[local(k.text)]; k == nil {
				continue
			}
		}
		if strings.HasSuffix(k.name, "EventDefinition") {
			defs = append(defs, k.name)
		}
	}
	if len(defs) > 1 {
		if s.x.attr("parallelMultiple") == "true" {
			defs[0] = "parallel"
		} else {
			defs[0] = "multiple"
		}
	}
	if len(defs) > 0 {
		p.eventIcon(defs[0], c, r/18, throws, stroke)
	}
	p.outside(s, label)
	p.f("</g>\n")
}

// eventIcon draws what an event is about; throwing events fill it.
func (p *pen) eventIcon(def string, c point, scale float64, throws bool, stroke string) {
	fill := cond(throws, stroke, "none")
	inner := cond(throws, paper, stroke)
	if def == "multiple" {
		p.pentagon(c, 9*scale, stroke)
		return
	}
	p.f(`<g class="bpmn-icon" transform="translate(%s %s) scale(%s)" fill="%s" stroke="%s" stroke-width="1.2" stroke-linejoin="round" stroke-linecap="round">`, f(c.x), f(c.y), f(scale), fill, stroke)
	switch def {
	case "timerEventDefinition":
		p.f(`<circle r="10" fill="none"/><path d="M0 -6V0L4 3M0 -10v2M0 10v-2M10 0h-2M-10 0h2" fill="none"/>`)
	case "messageEventDefinition":
		p.f(`<rect x="-8.5" y="-6" width="17" height="12"/><path d="M-8.5 -6L0 1L8.5 -6" fill="none" stroke="%s"/>`, inner)
	case "signalEventDefinition":
		p.f(`<path d="M0 -8.500L8.5 6.500H-8.500z"/>`)
	case "errorEventDefinition":
		p.f(`<path d="M-8 7L-3.5 -6L2 2L8 -8L4 7L-1.5 -1z"/>`)
	case "escalationEventDefinition":
		p.f(`<path d="M0 -9L6.5 8L0 2L-6.5 8z"/>`)
	case "conditionalEventDefinition":
		p.f(`<path d="M-6 -8h12v16h-12zM-3.5 -4.500h7M-3.5 -1.500h7M-3.5 1.500h7M-3.5 4.500h7" fill="none"/>`)
	case "linkEventDefinition":
		p.f(`<path d="M-9 -3h10v-4l8 7l-8 7v-4h-10z"/>`)
	case "compensateEventDefinition":
		p.f(`<path d="M-1 -6v12L-9 0zM8 -6v12L0 0z"/>`)
	case "terminateEventDefinition":
		p.f(`<circle r="10" fill="%s"/>`, stroke)
	case "cancelEventDefinition":
		p.f(`<path d="M-6 -8L0 -2L6 -8L8 -6L2 0L8 6L6 8L0 2L-6 8L-8 6L-2 0L-8 -6z"/>`)
	case "parallel":
		p.f(`<path d="M-2.5 -9h5v6.500h6.500v5h-6.500v6.500h-5v-6.500h-6.500v-5h6.500z" fill="none"/>`)
	}
	p.f("</g>")
}

func (p *pen) pentagon(c point, r float64, stroke string) {
	p.f(`<path d="`)
	for i := range 5 {
		a := float64(i)*2*math.Pi/5 - math.Pi/2
		p.f("%s%s %s", cond(i == 0, "M", "L"), f(c.x+r*math.Cos(a)), f(c.y+r*math.Sin(a)))
	}
	p.f(`z" fill="none" stroke="%s"/>`, stroke)
}
