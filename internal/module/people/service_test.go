package people

import (
	"context"
	"reflect"
	"sync"
	"testing"
	"time"

	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/db"
	"passerelle/internal/platform/db/dbtest"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
	"passerelle/internal/platform/web"
)

var noon = clock.Fixed(time.Date(2025, 11, 24, 11, 0, 0, 0, time.UTC))

func migrated(t *testing.T, d *db.DB) *Service {
	t.Helper()
	if err := Migrate(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	return New(d, noon)
}

func signIn(t *testing.T, s *Service, c Claims) web.Identity {
	t.Helper()
	id, err := s.SignIn(t.Context(), c, "fr")
	if err != nil {
		t.Fatal(err)
	}
	return id
}

var margot = Claims{Issuer: "https://eid.example.lu", Subject: "m1", Person: "1948031241282", Name: "Margot Lentz", Email: "margot@example.lu", Lang: "lb"}

func TestTheFirstSignInMakesTheAccountAndTheNextFindsIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := migrated(t, d)
		first := signIn(t, s, margot)
		want := web.Identity{Account: first.Account, Person: "1948031241282", Name: "Margot Lentz", Email: "margot@example.lu", Lang: "lb"}
		if first.Account == "" || !reflect.DeepEqual(first, want) {
			t.Fatalf("got %+v", first)
		}
		married := margot
		married.Name = "Margot Lentz-Weber"
		if again := signIn(t, s, married); again.Account != first.Account || again.Name != "Margot Lentz-Weber" {
			t.Fatalf("the second sign-in: %+v", again)
		}
		a, err := s.Account(t.Context(), first.Account)
		if err != nil || a.Name != "Margot Lentz-Weber" || !a.Created.Equal(noon.Now()) {
			t.Fatalf("stored: %+v, %v", a, err)
		}
		if _, err := s.Account(t.Context(), "nobody"); errs.KindOf(err) != errs.NotFound {
			t.Fatalf("unknown account: %v", err)
		}
	})
}

func TestTwoProvidersThatVouchForOneNumberLeadToOneAccount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := migrated(t, d)
		first := signIn(t, s, margot)
		other := margot
		other.Issuer, other.Subject = "https://other.example.lu", "x9"
		if second := signIn(t, s, other); second.Account != first.Account {
			t.Fatalf("accounts %s and %s", first.Account, second.Account)
		}
		a, ok, err := s.ByPerson(t.Context(), margot.Person)
		if err != nil || !ok || a.ID != first.Account {
			t.Fatalf("by person: %+v, %v, %v", a, ok, err)
		}
		if _, ok, err := s.ByPerson(t.Context(), ""); ok || err != nil {
			t.Fatalf("somebody has no number: %v, %v", ok, err)
		}
	})
}

func TestOfficialsWithoutANumberStaySeparate(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := migrated(t, d)
		fns := Claims{Issuer: "https://eid.example.lu", Subject: "o1", Name: "Danielle Reding", Roles: []web.Role{{Authority: "fns", Name: "case-worker"}}}
		head := Claims{Issuer: "https://eid.example.lu", Subject: "o2", Name: "Serge Oberweis", Roles: []web.Role{{Authority: "fns", Name: "case-worker"}, {Authority: "fns", Name: "head-of-unit"}}}
		permits := Claims{Issuer: "https://eid.example.lu", Subject: "o3", Name: "Virginie Perrin", Roles: []web.Role{{Authority: "permits", Name: "case-worker"}}}
		for _, c := range []Claims{fns, head, permits, margot} {
			if id := signIn(t, s, c); !reflect.DeepEqual(id.Roles, c.Roles) {
				t.Fatalf("%s: roles %v", c.Name, id.Roles)
			}
		}
		got, err := s.Officials(t.Context(), "fns", "case-worker")
		if err != nil || len(got) != 2 || got[0].Name != "Danielle Reding" || got[1].Name != "Serge Oberweis" {
			t.Fatalf("case workers: %+v, %v", got, err)
		}
		// The provider no longer gives the role: it is gone.
		head.Roles = nil
		signIn(t, s, head)
		if got, err := s.Officials(t.Context(), "fns", "head-of-unit"); err != nil || len(got) != 0 {
			t.Fatalf("heads of unit: %+v, %v", got, err)
		}
	})
}

func TestASessionHasOnlyTheRolesOfItsProvider(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := migrated(t, d)
		office := margot
		office.Issuer, office.Roles = "https://office.example.lu", []web.Role{{Authority: "fns", Name: "case-worker"}}
		signIn(t, s, office)
		if private := signIn(t, s, margot); len(private.Roles) != 0 {
			t.Fatalf("signed in as a citizen with roles %v", private.Roles)
		}
	})
}

func TestAnotherNumberForTheSameSubjectIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := migrated(t, d)
		signIn(t, s, margot)
		changed := margot
		changed.Person = "1980022900150"
		if _, err := s.SignIn(t.Context(), changed, "fr"); errs.KindOf(err) != errs.Conflict {
			t.Fatalf("error %v, want conflict", err)
		}
	})
}

func TestManySignInsAtOnceMakeOneAccount(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := migrated(t, d)
		var wg sync.WaitGroup
		accounts := make([]string, 8)
		for i := range accounts {
			wg.Go(func() {
				id, err := s.SignIn(context.Background(), margot, "fr")
				if err != nil {
					t.Error(err)
				}
				accounts[i] = id.Account
			})
		}
		wg.Wait()
		for _, a := range accounts {
			if a != accounts[0] {
				t.Fatalf("accounts %v", accounts)
			}
		}
	})
}

func TestPreferencesSurviveTheNextSignIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := migrated(t, d)
		id := signIn(t, s, margot)
		if _, err := s.Prefer(t.Context(), id.Account, Preferences{Email: " m.lentz@example.lu ", Lang: "de"}); err != nil {
			t.Fatal(err)
		}
		if again := signIn(t, s, margot); again.Email != "m.lentz@example.lu" || again.Lang != "de" {
			t.Fatalf("after signing in again: %+v", again)
		}
		if _, err := s.Prefer(t.Context(), id.Account, Preferences{Lang: "fr"}); err != nil {
			t.Fatalf("no address is a choice: %v", err)
		}
		for _, wrong := range []Preferences{{Email: "margot", Lang: "fr"}, {Email: "M <m@example.lu>", Lang: "fr"}, {Email: "a@b.lu, c@d.lu", Lang: "fr"}, {Lang: "nl"}, {Lang: ""}} {
			if _, err := s.Prefer(t.Context(), id.Account, wrong); errs.KindOf(err) != errs.Invalid {
				t.Errorf("%+v: error %v, want invalid", wrong, err)
			}
		}
		if _, err := s.Prefer(t.Context(), "nobody", Preferences{Lang: "fr"}); errs.KindOf(err) != errs.NotFound {
			t.Errorf("unknown account: %v", err)
		}
	})
}

func TestANewAccountTakesTheLanguageOfThePageWhenTheProviderSaysNone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		silent := margot
		silent.Lang = ""
		if id := signIn(t, migrated(t, d), silent); id.Lang != i18n.Lang("fr") {
			t.Fatalf("language %q", id.Lang)
		}
	})
}
