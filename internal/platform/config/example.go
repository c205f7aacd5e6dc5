package config

import (
	"fmt"
	"reflect"
	"strings"
)

// Example returns a YAML file with every field at its default, each explained
// and each commented out: uncomment what is to be chosen otherwise.
func Example() string {
	var b strings.Builder
	b.WriteString("# Configuration of Passerelle. Every value below is the default.\n" +
		"# Uncomment what you choose otherwise. Check with: passerelle check-config FILE\n" +
		"# Any value can come from the environment: server.listen is PASSERELLE_SERVER_LISTEN.\n")
	c := Defaults()
	section := ""
	each(reflect.ValueOf(&c).Elem(), func(s, f reflect.StructField, v reflect.Value) {
		if name := s.Tag.Get("yaml"); name != section {
			section = name
			fmt.Fprintf(&b, "\n%s:\n", name)
		}
		explain(&b, "  ", f)
		if f.Type == reflect.TypeFor[[]Issuer]() {
			fmt.Fprintf(&b, "  # %s:\n", f.Tag.Get("yaml"))
			b.WriteString(list(reflect.TypeFor[Issuer](), "  #   "))
			return
		}
		fmt.Fprintf(&b, "  # %s: %s\n", f.Tag.Get("yaml"), literal(v))
	})
	return b.String()
}

func explain(b *strings.Builder, indent string, f reflect.StructField) {
	fmt.Fprintf(b, "%s# %s\n", indent, f.Tag.Get("doc"))
}

// samples stand in the example for fields that have no default.
var samples = map[string]string{
	"id": "eid", "issuer": "https://eid.example.lu", "client_id": "passerelle", "secret_file": "eid-secret", "label": "eID",
	"claim": "groups", "value": "fns-case-workers", "authority": "fns", "role": "case-worker",
}

// list shows one item of a list of structures, commented out.
func list(t reflect.Type, indent string) string {
	var b strings.Builder
	for i := range t.NumField() {
		f := t.Field(i)
		dash := "  "
		if i == 0 {
			dash = "- "
		}
		if f.Type.Kind() == reflect.Slice {
			fmt.Fprintf(&b, "%s%s%s: # %s\n%s", indent, dash, f.Tag.Get("yaml"), f.Tag.Get("doc"), list(f.Type.Elem(), indent+"    "))
			continue
		}
		fmt.Fprintf(&b, "%s%s%s: %s # %s\n", indent, dash, f.Tag.Get("yaml"), samples[f.Tag.Get("yaml")], f.Tag.Get("doc"))
	}
	return b.String()
}

func literal(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case string:
		return fmt.Sprintf("%q", x)
	case []string:
		if len(x) == 0 {
			return "[]"
		}
		return `["` + strings.Join(x, `", "`) + `"]`
	}
	return fmt.Sprint(v.Interface())
}
