package exchange

import (
	"context"
	"encoding/json"
	"testing"

	"passerelle/internal/platform/errs"
)

type answering string

func (a answering) Fetch(_ context.Context, r Request) (Evidence, error) {
	return Evidence{Type: r.Type, Subject: r.Subject, Source: string(a), Value: json.RawMessage(`{"iban":"LU28"}`)}, nil
}

var complete = Request{Subject: "1980022900150", Type: TypeBankAccount, Purpose: "pay the allowance", LegalBasis: "A1105, art. 2", Actor: "account-1"}

func TestDirectoryAsksTheSourceOfTheType(t *testing.T) {
	d := NewDirectory()
	d.Route(answering("acd"), TypeBankAccount)
	d.Route(answering("rnpp"), TypePerson, TypeHousehold)
	e, err := d.Fetch(context.Background(), complete)
	if err != nil || e.Source != "acd" {
		t.Fatalf("got source %q, error %v; want acd", e.Source, err)
	}
	var account BankAccount
	if err := e.Decode(&account); err != nil || account.IBAN != "LU28" {
		t.Fatalf("decoded %+v, error %v", account, err)
	}
	if got := d.Types(); len(got) != 3 || got[0] != TypeBankAccount {
		t.Fatalf("types: %v", got)
	}
}

func TestDirectoryRefusesARequestThatDoesNotSayWhy(t *testing.T) {
	d := NewDirectory()
	d.Route(answering("acd"), TypeBankAccount)
	for name, spoil := range map[string]func(*Request){
		"subject":     func(r *Request) { r.Subject = "" },
		"purpose":     func(r *Request) { r.Purpose = "" },
		"legal basis": func(r *Request) { r.LegalBasis = "" },
		"actor":       func(r *Request) { r.Actor = "" },
	} {
		r := complete
		spoil(&r)
		if _, err := d.Fetch(context.Background(), r); errs.KindOf(err) != errs.Invalid {
			t.Errorf("without %s: error %v, want invalid", name, err)
		}
	}
}

func TestATypeWithoutSourceIsUnavailableNotUnknown(t *testing.T) {
	r := complete
	r.Type = "land-register"
	if _, err := NewDirectory().Fetch(context.Background(), r); errs.KindOf(err) != errs.Unavailable {
		t.Fatalf("error %v, want unavailable", err)
	}
}

func TestTwoSourcesForOneTypeAreAWiringFault(t *testing.T) {
	d := NewDirectory()
	d.Route(answering("acd"), TypeBankAccount)
	defer func() {
		if recover() == nil {
			t.Fatal("no panic")
		}
	}()
	d.Route(answering("other"), TypeBankAccount)
}
