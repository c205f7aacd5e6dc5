package pdf

import (
	"bytes"
	"context"
	"testing"

	"passerelle/internal/platform/errs"
)

func TestALetterBecomesATaggedPDF(t *testing.T) {
	r := Find()
	if r == nil {
		t.Skip("SKIP: WeasyPrint is not installed; PDF letters are not offered")
	}
	out, err := r.Render(t.Context(), Document{Lang: "fr", Title: "Décision", Body: "<h1>Vous recevez 1 817,00 €</h1><p>Décidé le 24 novembre 2025.</p>"})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"%PDF-1.7", "/StructTreeRoot", "/MarkInfo", "/Lang"} {
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("the PDF lacks %s", want)
		}
	}
}

func TestARequestThatIsGivenUpStopsTheRenderer(t *testing.T) {
	r := Find()
	if r == nil {
		t.Skip("SKIP: WeasyPrint is not installed; PDF letters are not offered")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Render(ctx, Document{Lang: "fr", Title: "x", Body: "<p>x</p>"}); errs.KindOf(err) != errs.Unavailable {
		t.Fatalf("got %v, want unavailable", err)
	}
}
