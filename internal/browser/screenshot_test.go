package browser

import (
	"bytes"
	"context"
	"flag"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

var screenshots = flag.Bool("screenshots", false, "write the pictures of docs/guide")

// tallest is the height in pixels at which a picture of a long page is cut.
const tallest = 1400

// heaviest is the size in bytes that no picture may reach: they are committed.
const heaviest = 300_000

// The ten main pages of the guide, and two of them on a phone.
func TestScreenshots(t *testing.T) {
	if !*screenshots {
		t.Skip("the pictures of docs/guide are written with -screenshots")
	}
	s := shared(t)

	v := s.visitor(t, how{width: desktop})
	v.open("/en")
	v.picture("home")
	v.open("/en/sign-in?then=/en/account")
	v.picture("personas")
	v.signIn(pensioner, "/en/services/"+allowance)
	v.picture("service")
	v.begin(allowance)
	v.fillAllowance()
	check := v.path()
	v.open(check[:len(check)-len("check")] + "income")
	v.picture("form")
	v.open(check)
	v.picture("check")
	v.send()
	v.picture("receipt")

	decided := s.visitor(t, how{width: desktop})
	decided.signIn(singleParent, "/en/cases")
	granted := ""
	for _, id := range decided.caseIDs() {
		decided.open("/en/cases/" + id)
		if decided.has(`main a[href$="/letter"]`) && strings.Contains(decided.text("h1"), "€") {
			granted = id
			break
		}
	}
	if granted == "" {
		t.Fatal("no decided allowance")
	}
	decided.picture("case")
	decided.open("/en/cases/" + granted + "/letter")
	decided.picture("letter")

	worker := s.desk(t, fnsWorker, how{width: desktop})
	worker.picture("queue")
	worker.open("/en/workbench?view=free")
	for _, id := range worker.caseIDs() {
		worker.open("/en/workbench/cases/" + id)
		if strings.Contains(worker.text(".pa-task__proposal"), "€") {
			break
		}
	}
	worker.picture("case-file")

	maker := s.visitor(t, how{width: desktop})
	maker.signIn(designer, "/en/simulations/services/"+allowance)
	maker.fill("percent.monthlyLimit", "5")
	maker.goOn()
	maker.until(".pa-figures")
	maker.picture("simulation")

	many, err := openWith(t.TempDir(), 10, 1000)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := many.stop(); err != nil {
			t.Error(err)
		}
	})
	taker := many.visitor(t, how{width: desktop})
	taker.signIn(designer, "/en/migrations")
	taker.dryRun()
	taker.picture("migration")

	v.resize(phone)
	v.open("/en")
	v.picture("home-phone")
	decided.resize(phone)
	decided.open("/en/cases/" + granted)
	decided.picture("case-phone")
}

// picture writes docs/guide/NAME.png of the open page.
func (v *visitor) picture(name string) {
	v.t.Helper()
	eval[bool](v, `() => { document.activeElement?.blur(); window.scrollTo({top: 0, behavior: "instant"}); return document.fonts.ready, true }`)
	width, height := eval[float64](v, "() => document.documentElement.clientWidth"), eval[float64](v, "() => document.documentElement.scrollHeight")
	var shot []byte
	v.do(chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		r, err := cdp.Call(ctx, tab, page.CaptureScreenshot, page.CaptureScreenshotParams{
			Format: page.CaptureScreenshotFormatPng, CaptureBeyondViewport: new(true),
			Clip: &page.Viewport{Width: width, Height: min(height, tallest), Scale: 1},
		})
		shot = r.Data
		return err
	}))
	decoded, err := png.Decode(bytes.NewReader(shot))
	if err != nil {
		v.t.Fatal(err)
	}
	small, err := compress(decoded)
	if err != nil {
		v.t.Fatal(err)
	}
	if len(small) >= heaviest {
		v.t.Errorf("%s.png has %d bytes", name, len(small))
	}
	dir := filepath.Join("..", "..", "docs", "guide")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		v.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), small, 0o644); err != nil {
		v.t.Fatal(err)
	}
}

// compress writes a picture as a small PNG.
func compress(m image.Image) ([]byte, error) {
	opaque := image.NewRGBA(m.Bounds()) // no alpha: a third less
	for y := m.Bounds().Min.Y; y < m.Bounds().Max.Y; y++ {
		for x := m.Bounds().Min.X; x < m.Bounds().Max.X; x++ {
			opaque.Set(x, y, m.At(x, y))
		}
	}
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, opaque)
	return b.Bytes(), err
}
