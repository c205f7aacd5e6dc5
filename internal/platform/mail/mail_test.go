package mail_test

import (
	"bufio"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/mail"
)

var monday = time.Date(2025, 11, 24, 10, 0, 0, 0, time.UTC)

var notice = mail.Message{ID: "case-1/decided", To: "marie@example.org", Subject: "Une décision vous attend", Text: "Bonjour,\n\nvous avez du courrier.\n.\n"}

func TestTheMailboxKeepsEachMessageOnceNewestFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		if err := mail.Migrate(ctx, d); err != nil {
			t.Fatal(err)
		}
		c := &clock.Shifted{Base: clock.Fixed(monday)}
		box := mail.NewMailbox(d, c)
		for i := range 5 {
			m := notice
			m.ID = fmt.Sprint(i)
			if i == 3 {
				m.To = "jang@example.org"
			}
			for range 2 {
				if err := box.Send(ctx, m); err != nil {
					t.Fatal(err)
				}
			}
			if i != 1 { // 1 and 2 of the same instant
				c.Advance(time.Hour)
			}
		}
		for _, test := range []struct{ to, want string }{{"", "43210"}, {"marie@example.org", "4210"}, {"jang@example.org", "3"}, {"nobody@example.org", ""}} {
			var got strings.Builder
			for before := ""; ; {
				page, err := box.List(ctx, test.to, before, 2)
				if err != nil {
					t.Fatal(err)
				}
				if len(page) == 0 {
					break
				}
				for _, k := range page {
					got.WriteString(k.ID)
					before = k.ID
				}
			}
			if got.String() != test.want {
				t.Errorf("messages to %q: %s, want %s", test.to, got.String(), test.want)
			}
		}
		k, err := box.Get(ctx, "0")
		if err != nil || k.Subject != notice.Subject || k.Text != notice.Text || !k.At.Equal(monday) {
			t.Errorf("Get: %+v, %v", k, err)
		}
		if _, err := box.Get(ctx, "unknown"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("unknown: %v", err)
		}
	})
}

func TestNobodyWritesHeadersOfTheirOwn(t *testing.T) {
	d := dbtest.SQLite(t)
	if err := mail.Migrate(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	box := mail.NewMailbox(d, clock.Fixed(monday))
	rapid.Check(t, func(rt *rapid.T) {
		m := notice
		evil := rapid.SampledFrom([]string{"\r\nBcc: all@example.org", "\n", "\r", "\x00", "\u0085", "\u2028"}).Draw(rt, "evil")
		at := rapid.IntRange(0, len("marie@example.org")).Draw(rt, "at")
		if rapid.Bool().Draw(rt, "in the address") {
			m.To = m.To[:at] + evil + m.To[at:]
		} else {
			m.Subject = "A letter for you"[:min(at, 16)] + evil + "waits"
		}
		if err := box.Send(t.Context(), m); errs.KindOf(err) != errs.Invalid {
			rt.Fatalf("%q, %q: %v", m.To, m.Subject, err)
		}
	})
	for _, to := range []string{"", "marie", "Marie <marie@example.org>", "a@b.example, c@d.example"} {
		m := notice
		m.To = to
		if err := box.Send(t.Context(), m); errs.KindOf(err) != errs.Invalid {
			t.Errorf("to %q: %v", to, err)
		}
	}
}

// server is a mail server for one message; refuse is its answer to RCPT.
func server(t *testing.T, refuse string) (port int, data <-chan string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	got := make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		r := textproto.NewReader(bufio.NewReader(conn))
		say := func(line string) { fmt.Fprint(conn, line+"\r\n") }
		say("220 test")
		for {
			line, err := r.ReadLine()
			if err != nil {
				return
			}
			switch verb, _, _ := strings.Cut(strings.ToUpper(line), " "); verb {
			case "EHLO":
				say("250-test\r\n250 8BITMIME")
			case "RCPT":
				if refuse != "" {
					say(refuse)
					continue
				}
				say("250 ok")
			case "DATA":
				say("354 go on")
				lines, err := r.ReadDotLines()
				if err != nil {
					return
				}
				got <- strings.Join(lines, "\n")
				say("250 queued")
			case "QUIT":
				say("221 bye")
				return
			default:
				say("250 ok")
			}
		}
	}()
	return l.Addr().(*net.TCPAddr).Port, got
}

func relay(t *testing.T, port int) *mail.Relay {
	t.Helper()
	r, err := mail.SMTP(mail.Config{Host: "127.0.0.1", Port: port, Security: mail.Plain, From: "Passerelle <no-reply@passerelle.example>"}, clock.Fixed(monday))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSMTPHandsTheMessageOver(t *testing.T) {
	port, data := server(t, "")
	if err := relay(t, port).Send(t.Context(), notice); err != nil {
		t.Fatal(err)
	}
	got := <-data
	for _, want := range []string{
		"From: \"Passerelle\" <no-reply@passerelle.example>",
		"To: <marie@example.org>",
		"Subject: =?UTF-8?q?Une_d=C3=A9cision_vous_attend?=",
		"Date: Mon, 24 Nov 2025 10:00:00 +0000",
		"Auto-Submitted: auto-generated",
		"@passerelle.example>",
		"vous avez du courrier.\n.", // the lone dot did not end the message
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing from\n%s", want, got)
		}
	}
}

func TestTheMessageIDStaysTheSameWhenSentAgain(t *testing.T) {
	id := func() string {
		port, data := server(t, "")
		if err := relay(t, port).Send(t.Context(), notice); err != nil {
			t.Fatal(err)
		}
		_, after, ok := strings.Cut(<-data, "Message-ID: ")
		if !ok {
			t.Fatal("no Message-ID")
		}
		line, _, _ := strings.Cut(after, "\n")
		return line
	}
	if a, b := id(), id(); a != b {
		t.Errorf("%s and then %s", a, b)
	}
}

func TestARefusalSaysWhetherToTryAgainAndKeepsTheAddressSecret(t *testing.T) {
	for answer, kind := range map[string]errs.Kind{
		"550 5.1.1 marie@example.org is unknown here": errs.Invalid,
		"451 4.2.0 marie@example.org later please":    errs.Unavailable,
	} {
		port, _ := server(t, answer)
		err := relay(t, port).Send(t.Context(), notice)
		if errs.KindOf(err) != kind {
			t.Errorf("%s: %v", answer, err)
		}
		if err != nil && strings.Contains(err.Error(), "marie@") {
			t.Errorf("the error tells the address: %v", err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close() // nobody listens here now
	if err := relay(t, l.Addr().(*net.TCPAddr).Port).Send(t.Context(), notice); errs.KindOf(err) != errs.Unavailable {
		t.Errorf("no server: %v", err)
	}
}

func TestAConfigurationIsCheckedAtOnce(t *testing.T) {
	for name, cfg := range map[string]mail.Config{
		"no sender":         {Host: "mail.example"},
		"unknown security":  {Host: "mail.example", From: "a@b.example", Security: "ssl"},
		"no host":           {From: "a@b.example"},
		"password in clear": {Host: "mail.example", From: "a@b.example", Security: mail.Plain, Username: "u", Password: "p"},
	} {
		if _, err := mail.SMTP(cfg, clock.Fixed(monday)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
