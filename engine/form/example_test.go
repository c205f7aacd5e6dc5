package form_test

import (
	"fmt"
	"net/url"

	"passerelle/engine/form"
)

func Example() {
	f, problems := form.Parse([]byte(`
pages:
  - id: pet
    fields:
      - {id: kind, type: choice, options: [cat, dog]}
      - {id: weight, type: number, when: 'application.kind = "dog"', max: 90}
  - id: declare
    fields:
      - {id: truth, type: declaration}
`), "form.yaml", nil)
	if problems != nil {
		fmt.Println(problems)
		return
	}

	// A page is posted; the weight is written as in French.
	var env form.Env
	answers, errs := f.Read(f.Page("pet"), url.Values{"kind": {"dog"}, "weight": {"1 200,5"}}, env)
	fmt.Println(answers, errs[0].Field, errs[0].Code, errs[0].Args)

	// The cat has no weight: the answer stays in the draft and is not submitted.
	env.Answers = answers
	env.Answers, _ = f.Read(f.Page("pet"), url.Values{"kind": {"cat"}}, env)
	env.Answers, _ = f.Read(f.Page("declare"), url.Values{"truth": {"yes"}}, env)
	clean, errs := f.Validate(env)
	fmt.Println(clean, len(errs))
	// Output:
	// map[kind:dog weight:1200.5] weight max map[max:90]
	// map[kind:cat truth:true] 0
}
