package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"passerelle/internal/platform/blob"
	"passerelle/internal/platform/errs"
)

const helloHash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" // sha256 of "hello", FIPS 180-4

func open(t *testing.T) (*blob.Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "blobs")
	s, err := blob.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s, dir
}

func read(t *testing.T, s *blob.Store, hash string) string {
	t.Helper()
	f, err := s.Get(t.Context(), hash)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			names = append(names, filepath.Base(path))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestContentIsFoundByItsHash(t *testing.T) {
	s, dir := open(t)
	for range 2 { // the second time it is there
		hash, size, err := s.Put(t.Context(), strings.NewReader("hello"), 5)
		if err != nil || hash != helloHash || size != 5 {
			t.Fatalf("Put: %s, %d, %v", hash, size, err)
		}
	}
	if got := read(t, s, helloHash); got != "hello" {
		t.Errorf("Get: %q", got)
	}
	if got := files(t, dir); len(got) != 1 || got[0] != helloHash {
		t.Errorf("files on the disk: %v", got)
	}
	if ok, err := s.Has(helloHash); !ok || err != nil {
		t.Errorf("Has: %v, %v", ok, err)
	}
}

func TestAnyContentSurvivesReopening(t *testing.T) {
	s, dir := open(t)
	rapid.Check(t, func(rt *rapid.T) {
		content := rapid.SliceOfN(rapid.Byte(), 0, 100_000).Draw(rt, "content")
		hash, size, err := s.Put(t.Context(), iotest.HalfReader(bytes.NewReader(content)), int64(len(content)))
		if err != nil || size != int64(len(content)) {
			rt.Fatalf("Put: %d, %v", size, err)
		}
		again, err := blob.Open(dir)
		if err != nil {
			rt.Fatal(err)
		}
		if read(t, again, hash) != string(content) {
			rt.Fatal("the content changed")
		}
	})
}

func TestWhatIsTooLargeOrBreaksOffLeavesNothing(t *testing.T) {
	s, dir := open(t)
	if _, _, err := s.Put(t.Context(), strings.NewReader("hello"), 4); errs.KindOf(err) != errs.TooLarge {
		t.Errorf("too large: %v", err)
	}
	gone := errors.New("the line broke")
	if _, _, err := s.Put(t.Context(), io.MultiReader(strings.NewReader("hel"), iotest.ErrReader(gone)), 100); err != gone {
		t.Errorf("broken line: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := s.Put(ctx, strings.NewReader("hello"), 100); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if got := files(t, dir); len(got) != 0 {
		t.Errorf("left on the disk: %v", got)
	}
}

func TestNothingButAHashReachesTheFileSystem(t *testing.T) {
	s, _ := open(t)
	for _, hash := range []string{"", "..", "../../etc/passwd", strings.Repeat("g", 64), strings.ToUpper(helloHash), helloHash + "0", helloHash} {
		if _, err := s.Get(t.Context(), hash); errs.KindOf(err) != errs.NotFound {
			t.Errorf("Get(%q): %v", hash, err)
		}
		if ok, err := s.Has(hash); ok || err != nil {
			t.Errorf("Has(%q): %v, %v", hash, ok, err)
		}
	}
}

func TestDamageOnTheDiskIsNoticedAndMendedByStoringAgain(t *testing.T) {
	s, dir := open(t)
	if _, _, err := s.Put(t.Context(), strings.NewReader("hello"), 5); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, helloHash[:2], helloHash), []byte("hellO"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), helloHash); errs.KindOf(err) != errs.Internal {
		t.Errorf("damaged: %v", err)
	}
	if _, _, err := s.Put(t.Context(), strings.NewReader("hello"), 5); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, helloHash); got != "hello" {
		t.Errorf("after storing again: %q", got)
	}
}

func TestManyStoreTheSameAtOnce(t *testing.T) {
	s, dir := open(t)
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if hash, _, err := s.Put(t.Context(), strings.NewReader("hello"), 5); err != nil || hash != helloHash {
				t.Errorf("Put: %s, %v", hash, err)
			}
		})
	}
	wg.Wait()
	if got := files(t, dir); len(got) != 1 {
		t.Errorf("files on the disk: %v", got)
	}
}

func TestOpenRemovesWhatACrashLeftHalfWritten(t *testing.T) {
	_, dir := open(t)
	old := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, when := range map[string]time.Time{"put-crashed": old, "put-running": {}} {
		path := filepath.Join(dir, "tmp", name)
		if err := errors.Join(os.WriteFile(path, []byte("hel"), 0o600), os.Chtimes(path, when, when)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := blob.Open(dir); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); len(got) != 1 || got[0] != "put-running" {
		t.Errorf("on the disk: %v, want the file of the running Put alone", got)
	}
}

func TestADiskThatCannotTakeItIsUnavailable(t *testing.T) {
	s, dir := open(t)
	if err := os.RemoveAll(filepath.Join(dir, "tmp")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.Put(t.Context(), strings.NewReader("hello"), 5); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("got %v", err)
	}
}
