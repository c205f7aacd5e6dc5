package config

import (
	"bytes"
	"encoding"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Load reads the file at path over the defaults, then the environment over
// both, and validates. path "" means no file. The error names every problem,
// one per line.
func Load(path string) (Config, error) {
	c := Defaults()
	var from source
	if path != "" {
		data, err := os.ReadFile(path)
		if err != nil {
			return Config{}, fmt.Errorf("configuration: %w", err)
		}
		from = source{file: path}
		if err := from.decode(data, &c); err != nil {
			return Config{}, err
		}
	}
	problems := from.environment(&c, os.LookupEnv)
	for _, p := range c.problems() {
		problems = append(problems, fmt.Errorf("%s: %s", from.of(p.field), p.text))
	}
	if len(problems) > 0 {
		return Config{}, errors.Join(problems...)
	}
	return c, nil
}

// source remembers where values come from, for messages.
type source struct {
	file string
	root *yaml.Node
	env  map[string]string // field → variable that set it
}

var atLine = regexp.MustCompile(`^(?:yaml: )?line (\d+): (.*)$`)
var unknown = regexp.MustCompile(`^field (\S+) not found in type \S+$`)

// decode reads strictly. Every fault carries file and line.
func (s *source) decode(data []byte, c *Config) error {
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	err := d.Decode(c)
	if errors.Is(err, io.EOF) {
		return nil // an empty file chooses nothing
	}
	var faults *yaml.TypeError
	switch {
	case errors.As(err, &faults):
		var errs []error
		for _, fault := range faults.Errors {
			errs = append(errs, s.locate(fault))
		}
		return errors.Join(errs...)
	case err != nil:
		return s.locate(err.Error())
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: holds more than one YAML document", s.file)
	}
	s.root = new(yaml.Node)
	return yaml.Unmarshal(data, s.root)
}

func (s *source) locate(fault string) error {
	m := atLine.FindStringSubmatch(fault)
	if m == nil {
		return fmt.Errorf("%s: %s", s.file, strings.TrimPrefix(fault, "yaml: "))
	}
	if u := unknown.FindStringSubmatch(m[2]); u != nil {
		return fmt.Errorf("%s:%s: unknown field %q", s.file, m[1], u[1])
	}
	return fmt.Errorf("%s:%s: %s", s.file, m[1], m[2])
}

// of says where a field (dotted path) was set: variable, file and line, or
// just its name when it stands at its default.
func (s *source) of(field string) string {
	if name, ok := s.env[field]; ok {
		return name
	}
	if s.root == nil || len(s.root.Content) == 0 {
		return field
	}
	node, line := s.root.Content[0], 0
	for _, step := range strings.Split(field, ".") {
		next := (*yaml.Node)(nil)
		if i, err := strconv.Atoi(step); err == nil && node.Kind == yaml.SequenceNode && i < len(node.Content) {
			next = node.Content[i]
			line = next.Line
		}
		for i := 0; node.Kind == yaml.MappingNode && i+1 < len(node.Content); i += 2 {
			if node.Content[i].Value == step {
				next, line = node.Content[i+1], node.Content[i].Line
			}
		}
		if next == nil {
			break
		}
		node = next
	}
	if line == 0 {
		return s.file + ": " + field
	}
	return fmt.Sprintf("%s:%d: %s", s.file, line, field)
}

// environment sets the fields that have a variable. Lists of texts are
// separated by commas; lists of structures cannot be set this way.
func (s *source) environment(c *Config, lookup func(string) (string, bool)) (problems []error) {
	s.env = map[string]string{}
	each(reflect.ValueOf(c).Elem(), func(section, field reflect.StructField, v reflect.Value) {
		path := section.Tag.Get("yaml") + "." + field.Tag.Get("yaml")
		name := "PASSERELLE_" + strings.ToUpper(strings.ReplaceAll(path, ".", "_"))
		text, ok := lookup(name)
		if !ok {
			return
		}
		s.env[path] = name
		if err := set(v, text); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
	})
	return problems
}

// each visits the fields of the sections in order of declaration.
func each(c reflect.Value, visit func(section, field reflect.StructField, v reflect.Value)) {
	for i := range c.NumField() {
		section := c.Field(i)
		for j := range section.NumField() {
			visit(c.Type().Field(i), section.Type().Field(j), section.Field(j))
		}
	}
}

func set(v reflect.Value, text string) error {
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(text))
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
		v.SetBool(b)
	case reflect.Int, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%q is not a whole number", text)
		}
		v.SetInt(n)
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.String {
			return errors.New("can only be set in the file")
		}
		items := []string{}
		for item := range strings.SplitSeq(text, ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, item)
			}
		}
		v.Set(reflect.ValueOf(items))
	}
	return nil
}
