package registers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"sync/atomic"
	"time"

	"passerelle/internal/demo/population"
	"passerelle/internal/module/exchange"
	"passerelle/internal/platform/clock"
	"passerelle/internal/platform/errs"
	"passerelle/internal/platform/i18n"
)

// The registers, by the id that stands in exchange.Evidence.Source.
const (
	RNPP   = "rnpp"
	CCSS   = "ccss"
	RCS    = "rcs"
	Casier = "casier"
	ACD    = "acd"
)

// maxMonths bounds how much income one request reads.
const maxMonths = 36

// Registers is all five registers. It is safe for concurrent use.
type Registers struct {
	people *population.Population
	clock  clock.Clock
	down   map[string]*atomic.Bool // register → cannot answer now
	comma  atomic.Bool             // amounts are written as nobody expects them
}

// New returns the registers over the population at the clock's present.
func New(people *population.Population, c clock.Clock) *Registers {
	r := &Registers{people: people, clock: c, down: map[string]*atomic.Bool{}}
	for _, name := range []string{RNPP, CCSS, RCS, Casier, ACD} {
		r.down[name] = new(atomic.Bool)
	}
	return r
}

// Connect routes every type that the registers answer.
func (r *Registers) Connect(d *exchange.Directory) {
	for t := range answers {
		d.Route(r, t)
	}
}

// SetAvailable takes a register off the network, or puts it back; an unknown
// register is ignored. Until it is back, it answers errs.Unavailable.
func (r *Registers) SetAvailable(register string, available bool) {
	if down, ok := r.down[register]; ok {
		down.Store(!available)
	}
}

// SetFaulty lets social security write amounts with a comma, as after a release
// that nobody tried, or mends it. The rules of services cannot read them.
func (r *Registers) SetFaulty(faulty bool) { r.comma.Store(faulty) }

// amount is money as it stands in an answer.
var amount = regexp.MustCompile(`"(\d+)\.(\d\d)"`)

// answer is how a register comes to the value of a type.
type answer struct {
	register string
	value    func(r *Registers, q exchange.Request, today time.Time) (any, error)
}

var answers = map[string]answer{
	exchange.TypePerson:         {RNPP, (*Registers).person},
	exchange.TypeHousehold:      {RNPP, (*Registers).household},
	exchange.TypeIncome:         {CCSS, (*Registers).income},
	exchange.TypeEmployment:     {CCSS, (*Registers).employment},
	exchange.TypeBusiness:       {RCS, (*Registers).business},
	exchange.TypeCriminalRecord: {Casier, (*Registers).criminalRecord},
	exchange.TypeBankAccount:    {ACD, (*Registers).bankAccount},
}

// Fetch answers one request; see exchange.Source.
func (r *Registers) Fetch(ctx context.Context, q exchange.Request) (exchange.Evidence, error) {
	if err := ctx.Err(); err != nil {
		return exchange.Evidence{}, err
	}
	a, ok := answers[q.Type]
	if !ok {
		return exchange.Evidence{}, errs.New(errs.NotFound, "").Because("no evidence of type %q", q.Type)
	}
	if r.down[a.register].Load() {
		return exchange.Evidence{}, errs.New(errs.Unavailable, "exchange.unavailable").Because("register %s is off", a.register)
	}
	now := r.clock.Now().In(i18n.Luxembourg)
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	v, err := a.value(r, q, today)
	if err != nil {
		return exchange.Evidence{}, err
	}
	value, err := json.Marshal(v)
	if err != nil {
		return exchange.Evidence{}, errs.New(errs.Internal, "").Because("register %s: %w", a.register, err)
	}
	if a.register == CCSS && r.comma.Load() {
		value = amount.ReplaceAll(value, []byte(`"$1,$2"`))
	}
	asOf := today
	if q.Type == exchange.TypeIncome {
		asOf = time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, now.Location())
	}
	return exchange.Evidence{
		Type: q.Type, Subject: q.Subject, Value: value, Source: a.register,
		AsOf: asOf, Reference: reference(a.register, q, asOf, value),
	}, nil
}

// reference names an answer by what it says: "ccss-20251101-1f6b…".
func reference(register string, q exchange.Request, asOf time.Time, value []byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n", q.Type, q.Subject)
	h.Write(value)
	return register + "-" + asOf.Format("20060102") + "-" + hex.EncodeToString(h.Sum(nil)[:6])
}

// unknown is the answer about a subject that the register does not have. The
// number itself stays out of the log.
func unknown(register string) error {
	return errs.New(errs.NotFound, "exchange.unknown").Because("register %s does not know the subject", register)
}

func (r *Registers) person(q exchange.Request, _ time.Time) (any, error) {
	i, ok := r.people.Find(q.Subject)
	if !ok {
		return nil, unknown(RNPP)
	}
	return r.people.Person(i), nil
}

// household knows the homes in Luxembourg only.
func (r *Registers) household(q exchange.Request, _ time.Time) (any, error) {
	i, ok := r.people.Find(q.Subject)
	if !ok || r.people.Person(i).Register == exchange.RegisterNone {
		return nil, unknown(RNPP)
	}
	return r.people.Household(i), nil
}

func (r *Registers) income(q exchange.Request, today time.Time) (any, error) {
	i, ok := r.people.Find(q.Subject)
	if !ok {
		return nil, unknown(CCSS)
	}
	last := population.MonthOf(today) - 1
	until := last
	if s := q.Params[exchange.ParamUntil]; s != "" {
		m, err := population.ParseMonth(s)
		if err != nil || m > last || m < population.FirstMonth {
			return nil, errs.New(errs.Invalid, "").Because("until %q, known from %s to %s", s, population.FirstMonth, last)
		}
		until = m
	}
	months := 3
	if s := q.Params[exchange.ParamMonths]; s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > maxMonths {
			return nil, errs.New(errs.Invalid, "").Because("months %q, want 1 to %d", s, maxMonths)
		}
		months = n
	}
	out := exchange.Income{Months: make([]exchange.MonthIncome, months)}
	for k := range out.Months {
		out.Months[k] = r.people.Income(i, until-population.Month(k))
	}
	return out, nil
}

func (r *Registers) employment(q exchange.Request, today time.Time) (any, error) {
	i, ok := r.people.Find(q.Subject)
	if !ok {
		return nil, unknown(CCSS)
	}
	return r.people.Employment(i, today), nil
}

// business takes a business number, or the number of the person who manages it.
func (r *Registers) business(q exchange.Request, _ time.Time) (any, error) {
	b, ok := r.people.FindBusiness(q.Subject)
	if i, isPerson := r.people.Find(q.Subject); isPerson {
		b, ok = r.people.ManagedBy(i)
	}
	if !ok {
		return nil, unknown(RCS)
	}
	return r.people.Business(b), nil
}

func (r *Registers) criminalRecord(q exchange.Request, today time.Time) (any, error) {
	bulletin := q.Params[exchange.ParamBulletin]
	switch bulletin {
	case "":
		bulletin = "3"
	case "3", "4", "5":
	default:
		return nil, errs.New(errs.Invalid, "").Because("bulletin %q", bulletin)
	}
	i, ok := r.people.Find(q.Subject)
	if !ok {
		return nil, unknown(Casier)
	}
	return r.people.CriminalRecord(i, bulletin, today), nil
}

func (r *Registers) bankAccount(q exchange.Request, _ time.Time) (any, error) {
	if i, ok := r.people.Find(q.Subject); ok {
		if iban, ok := r.people.IBAN(i); ok {
			return exchange.BankAccount{IBAN: iban}, nil
		}
	}
	return nil, unknown(ACD)
}
