package form

import (
	"encoding/json"
	"sort"
)

// Schema returns the JSON Schema (2020-12) of the application, whose address is
// id. It says what a valid application looks like as far as a schema can: what
// depends on other answers (conditions, FEEL limits, checks) is left to
// Validate. Two calls return the same bytes.
func (f *Form) Schema(id string) json.RawMessage {
	properties := map[string]any{}
	var required []string
	claims := map[string]any{}
	for _, p := range f.Pages {
		for _, fd := range p.Fields {
			properties[fd.ID] = fd.schema()
			if fd.AlwaysRequired() && fd.When == nil && p.When == nil && fd.Editable() {
				required = append(required, fd.ID)
			}
			if !fd.Editable() {
				claims[fd.ID] = object(map[string]any{
					"registered": map[string]any{}, "claimed": map[string]any{"type": "string", "maxLength": maxClaim}, "comment": map[string]any{"type": "string", "maxLength": maxComment},
				}, nil)
			}
		}
	}
	if len(claims) > 0 {
		properties["contested"] = object(claims, nil)
	}
	s := object(properties, required)
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	if id != "" {
		s["$id"] = id
	}
	out, err := json.Marshal(s)
	if err != nil { // the schema is made of strings, numbers and maps
		panic(err)
	}
	return out
}

func object(properties map[string]any, required []string) map[string]any {
	s := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		sort.Strings(required)
		s["required"] = required
	}
	return s
}

// schema describes the answer of one field. The keyword x-field says the type
// that people are asked.
func (fd *Field) schema() map[string]any {
	s := map[string]any{"x-field": fd.Type}
	switch fd.Type {
	case Number, Integer, Money:
		fd.numberSchema(s)
	case YesNo:
		s["type"] = "boolean"
	case Declaration:
		s["type"] = "boolean"
		if fd.AlwaysRequired() {
			s["const"] = true
		}
	case Date:
		s["type"], s["format"] = "string", "date"
	case Month:
		s["type"], s["pattern"] = "string", "^[0-9]{4}-(0[1-9]|1[0-2])$"
	case Choice, Select:
		s["type"], s["enum"] = "string", fd.Options
	case Choices:
		s["type"], s["uniqueItems"] = "array", true
		s["items"] = map[string]any{"type": "string", "enum": fd.Options}
		fd.countSchema(s)
	case Country:
		s["type"], s["pattern"] = "string", "^[A-Z]{2}$"
	case Email:
		s["type"], s["format"], s["maxLength"] = "string", "email", fd.MaxLength
	case File:
		media := make([]string, len(fd.Accept))
		for i, a := range fd.Accept {
			media[i] = acceptable[a]
		}
		text := map[string]any{"type": "string"}
		s["type"] = "array"
		s["items"] = object(map[string]any{
			"name": text, "hash": text, "type": map[string]any{"type": "string", "enum": media},
			"size": map[string]any{"type": "integer", "minimum": 0, "maximum": fd.MaxSize},
		}, []string{"name", "hash", "type", "size"})
		fd.countSchema(s)
	case Group:
		properties := map[string]any{}
		var required []string
		for _, sub := range fd.Fields {
			properties[sub.ID] = sub.schema()
			if sub.AlwaysRequired() && sub.When == nil {
				required = append(required, sub.ID)
			}
		}
		s["type"], s["items"] = "array", object(properties, required)
		fd.countSchema(s)
	case Fact:
		s["readOnly"] = true
	default:
		s["type"] = "string"
		if fd.MaxLength > 0 {
			s["maxLength"] = fd.MaxLength
		}
		if fd.MinLength > 0 {
			s["minLength"] = fd.MinLength
		}
		if fd.Pattern != nil {
			s["pattern"] = fd.Pattern.String()
		}
	}
	if !fd.Editable() {
		s["readOnly"] = true
	}
	return s
}

func (fd *Field) numberSchema(s map[string]any) {
	s["type"] = "number"
	switch fd.Type {
	case Integer:
		s["type"] = "integer"
	case Money:
		s["multipleOf"] = json.Number("0.01")
	}
	if n, ok := fd.Min.number(); ok {
		s["minimum"] = n
	}
	if n, ok := fd.Max.number(); ok {
		s["maximum"] = n
	}
}

func (fd *Field) countSchema(s map[string]any) {
	if n, ok := fd.Min.number(); ok {
		s["minItems"] = n
	}
	if n, ok := fd.Max.number(); ok {
		s["maxItems"] = n
	}
}

// number returns a limit that is a constant number.
func (c *Condition) number() (json.Number, bool) {
	if c == nil || !c.constant {
		return "", false
	}
	n, ok := fromFeel(c.value).(json.Number)
	return n, ok
}
