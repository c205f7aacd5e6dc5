package app

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReceiptIsReplayedAfterARestart: a citizen downloads the receipt of a
// decision; the server is killed and started again and gives the same one; and
// the command runs the decision again from the file alone. A receipt that was
// touched is found out.
func TestReceiptIsReplayedAfterARestart(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and starts the server")
	}
	dir := t.TempDir()
	binary := filepath.Join(dir, "passerelle")
	if out, err := exec.Command("go", "build", "-o", binary, "passerelle/cmd/passerelle").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s := &victim{t: t, binary: binary, data: filepath.Join(dir, "data"), addr: freeAddress(t)}
	s.start()
	p := s.signIn(0)
	sent, err := p.submit("certificate-of-residence")
	if err != nil {
		t.Fatal(err)
	}
	before := p.download(t, "/en/cases/"+sent.Case+"/receipt.json")
	if err := s.again(); err != nil {
		t.Fatal(err)
	}
	after := p.download(t, "/en/cases/"+sent.Case+"/receipt.json")
	if before != after {
		t.Errorf("the receipt is another one after a restart:\n%s\n%s", before, after)
	}
	s.stop()

	replay := func(receipt string) (string, int) {
		file := filepath.Join(dir, "receipt.json")
		if err := os.WriteFile(file, []byte(receipt), 0o600); err != nil {
			t.Fatal(err)
		}
		c := exec.Command(binary, "decision", "replay", file)
		out, _ := c.CombinedOutput()
		return string(out), c.ProcessState.ExitCode()
	}
	if out, code := replay(after); code != 0 || strings.Contains(out, "DIFFERS") || !strings.Contains(out, "the result: granted") {
		t.Errorf("exit %d:\n%s", code, out)
	}
	if out, code := replay(strings.Replace(after, `"register":"main"`, `"register":"none"`, 1)); code != 1 || !strings.Contains(out, "was changed") || !strings.Contains(out, "refused now") {
		t.Errorf("touched, exit %d:\n%s", code, out)
	}
	if out, code := replay("{}"); code != 2 {
		t.Errorf("no receipt, exit %d:\n%s", code, out)
	}
}

func (p *person) download(t *testing.T, path string) string {
	t.Helper()
	resp, err := p.http.Get(p.base + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("%s: %s %v\n%s", path, resp.Status, err, text)
	}
	return string(text)
}
