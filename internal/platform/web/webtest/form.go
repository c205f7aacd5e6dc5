package webtest

import (
	"github.com/PuerkitoBio/goquery"
)

// fill returns what a browser would send: the form's own values, replaced by
// what the person enters.
func (c *Client) fill(form *goquery.Selection, values Values) map[string][]any {
	c.t.Helper()
	fields := map[string][]any{}
	offered := map[string][]string{} // radio buttons, checkboxes, options
	known := map[string]bool{}
	form.Find("input[name], textarea[name], select[name]").Each(func(_ int, e *goquery.Selection) {
		name := e.AttrOr("name", "")
		if _, off := e.Attr("disabled"); off {
			return
		}
		known[name] = true
		switch {
		case e.Is("select"):
			options := e.Find("option")
			chosen := options.Filter("[selected]")
			if chosen.Length() == 0 {
				chosen = options.First()
			}
			options.Each(func(_ int, o *goquery.Selection) { offered[name] = append(offered[name], o.AttrOr("value", o.Text())) })
			chosen.Each(func(_ int, o *goquery.Selection) { fields[name] = append(fields[name], o.AttrOr("value", o.Text())) })
		case e.Is("textarea"):
			fields[name] = append(fields[name], e.Text())
		case e.Is("[type=radio], [type=checkbox]"):
			value := e.AttrOr("value", "on")
			offered[name] = append(offered[name], value)
			if _, on := e.Attr("checked"); on {
				fields[name] = append(fields[name], value)
			}
		case e.Is("[type=file]"):
		case e.Is("[type=submit], [type=image], [type=button], [type=reset]"):
		default:
			fields[name] = append(fields[name], e.AttrOr("value", ""))
		}
	})
	// A button's value is sent when it is the one pressed.
	form.Find("button[name], input[type=submit][name]").Each(func(_ int, e *goquery.Selection) {
		name := e.AttrOr("name", "")
		known[name] = true
		offered[name] = append(offered[name], e.AttrOr("value", ""))
	})
	for name, v := range values {
		if !known[name] {
			c.t.Fatalf("%s: the form has no field %q", c.Page.URL, name)
		}
		var entered []any
		switch v := v.(type) {
		case nil:
		case string:
			entered = []any{v}
		case []string:
			for _, s := range v {
				entered = append(entered, s)
			}
		case File:
			entered = []any{v}
		case []File:
			for _, f := range v {
				entered = append(entered, f)
			}
		default:
			c.t.Fatalf("field %s: %T is neither a text nor a file", name, v)
		}
		if choices := offered[name]; choices != nil {
			for _, e := range entered {
				if !has(choices, e) {
					c.t.Fatalf("%s: field %s does not offer %v, only %q", c.Page.URL, name, e, choices)
				}
			}
		}
		delete(fields, name)
		if len(entered) > 0 {
			fields[name] = entered
		}
	}
	return fields
}

func has(choices []string, v any) bool {
	for _, c := range choices {
		if c == v {
			return true
		}
	}
	return false
}
