package ui

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"golang.org/x/net/html"
)

var componentType = reflect.TypeFor[templ.Component]()

// decode fills the options struct into from a macro's options: names match
// without regard to case, HTML texts become components, null and false items
// of lists are left out as the macros do. An option we lack is an error.
func decode(from any, into any) error {
	return decodeValue(from, reflect.ValueOf(into).Elem(), "options")
}

func decodeValue(from any, v reflect.Value, path string) error {
	if from == nil {
		return nil
	}
	if v.Type() == componentType {
		s, ok := from.(string)
		if !ok || strings.TrimSpace(s) == "" {
			return nil
		}
		v.Set(reflect.ValueOf(templ.Raw(s)))
		return nil
	}
	switch v.Kind() {
	case reflect.Struct:
		m, ok := from.(map[string]any)
		if !ok {
			return nil // false in place of an object
		}
		for name, val := range m {
			name = strings.Replace(name, "Inputs", "Input", 1) // beforeInputs of a group
			f := v.FieldByNameFunc(func(n string) bool { return strings.EqualFold(n, name) })
			if !f.IsValid() {
				return fmt.Errorf("option %s.%s is not supported", path, name)
			}
			if err := decodeValue(val, f, path+"."+name); err != nil {
				return err
			}
		}
		if _, isOption := m["text"]; isOption && v.Type() == reflect.TypeFor[SelectItem]() {
			_, hasValue := m["value"]
			v.FieldByName("NoValue").SetBool(!hasValue)
		}
	case reflect.Slice:
		list, ok := from.([]any)
		if !ok {
			return fmt.Errorf("option %s is no list", path)
		}
		out := reflect.MakeSlice(v.Type(), 0, len(list))
		for i, val := range list {
			if val == nil || val == false || val == "" {
				continue
			}
			item := reflect.New(v.Type().Elem()).Elem()
			if err := decodeValue(val, item, fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
			out = reflect.Append(out, item)
		}
		v.Set(out)
	case reflect.Map:
		m, ok := from.(map[string]any)
		if !ok {
			return fmt.Errorf("option %s is no map", path)
		}
		out := reflect.MakeMap(v.Type())
		for k, val := range m {
			out.SetMapIndex(reflect.ValueOf(k), reflect.ValueOf(text(val)))
		}
		v.Set(out)
	case reflect.String:
		v.SetString(text(from))
	case reflect.Bool:
		v.SetBool(from == true)
	case reflect.Int:
		n, err := strconv.Atoi(text(from))
		if err != nil {
			return fmt.Errorf("option %s is no number", path)
		}
		v.SetInt(int64(n))
	default:
		return fmt.Errorf("option %s: cannot decode into %s", path, v.Type())
	}
	return nil
}

func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, _ := json.Marshal(v)
	return string(b)
}

// tree parses an HTML fragment and writes it one node a line: attributes
// sorted, white space collapsed. Inside visually hidden text the white space
// counts, because a screen reader joins it to the words before.
func tree(fragment string) string {
	doc, err := html.Parse(strings.NewReader("<!DOCTYPE html><body>" + fragment))
	if err != nil {
		return err.Error()
	}
	var b strings.Builder
	var walk func(n *html.Node, depth int, keep bool)
	walk = func(n *html.Node, depth int, keep bool) {
		indent := strings.Repeat("  ", depth)
		switch n.Type {
		case html.TextNode:
			s := strings.Join(strings.Fields(n.Data), " ")
			if s == "" {
				return
			}
			if keep && strings.HasPrefix(n.Data, " ") {
				s = " " + s
			}
			fmt.Fprintf(&b, "%s%q\n", indent, s)
			return
		case html.ElementNode:
			var attrs []string
			for _, a := range n.Attr {
				val := strings.Join(strings.Fields(a.Val), " ")
				if a.Key == "class" && strings.Contains(val, "govuk-visually-hidden") {
					keep = true
				}
				attrs = append(attrs, fmt.Sprintf(" %s=%q", a.Key, val))
			}
			sort.Strings(attrs)
			fmt.Fprintf(&b, "%s<%s%s>\n", indent, n.Data, strings.Join(attrs, ""))
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, depth+1, keep)
		}
	}
	walk(doc, 0, false)
	return b.String()
}
