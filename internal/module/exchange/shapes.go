package exchange

// Dates in these shapes are ISO 8601 ("2025-11-24"), countries and
// nationalities ISO 3166-1 alpha-2, languages ISO 639-1.

// Person is a natural person as the register of natural persons knows them.
type Person struct {
	ID            string  `json:"id"` // national identification number, 13 digits
	GivenName     string  `json:"givenName"`
	FamilyName    string  `json:"familyName"`
	BirthDate     string  `json:"birthDate"`
	Sex           string  `json:"sex"` // "female", "male", "unknown"
	Nationality   string  `json:"nationality"`
	MaritalStatus string  `json:"maritalStatus"` // "single", "married", "partnership", "divorced", "widowed"
	Language      string  `json:"language"`      // language of letters: fr, de, lb, en or pt
	Address       Address `json:"address"`
	ResidentSince string  `json:"residentSince"` // start of the uninterrupted residence; "" when not resident
	Register      string  `json:"register"`      // "main", "waiting", "none" (known, but not resident)
	Email         string  `json:"email"`
}

// The parts of the register of natural persons (law of 19.6.2013).
const (
	RegisterMain    = "main"
	RegisterWaiting = "waiting"
	RegisterNone    = "none"
)

// Address is where somebody lives or a business sits.
type Address struct {
	Street   string `json:"street"`
	Number   string `json:"number"`
	Postcode string `json:"postcode"`
	Commune  string `json:"commune"` // abroad: the town
	Country  string `json:"country"`
	Since    string `json:"since"`
}

// Household is everybody registered at the subject's home, the subject first.
type Household struct {
	Address Address  `json:"address"`
	Members []Member `json:"members"`
}

// Member is one person of a household and what they are to the subject.
type Member struct {
	ID         string `json:"id"`
	GivenName  string `json:"givenName"`
	FamilyName string `json:"familyName"`
	BirthDate  string `json:"birthDate"`
	Relation   string `json:"relation"` // "self", "spouse", "partner", "child", "parent", "other"
}

// Income is the gross income of one person: exactly one entry per month asked
// for, the newest first, without gaps.
type Income struct {
	Months []MonthIncome `json:"months"`
}

// MonthIncome is the gross income of one month.
type MonthIncome struct {
	Month string `json:"month"` // "2025-09"
	Gross string `json:"gross"` // euro, two decimals: "2680.04"
	Kind  string `json:"kind"`  // one of the Income constants
	Payer string `json:"payer"` // "" when the kind is IncomeNone
}

// The kinds of income.
const (
	IncomeSalary       = "salary"
	IncomePension      = "pension"
	IncomeReplacement  = "replacement" // unemployment benefit, inclusion income
	IncomeSelfEmployed = "self-employed"
	IncomeNone         = "none"
)

// Employment is how somebody is or was affiliated to social security through
// work: every period since the register began, the newest first.
type Employment struct {
	Periods []EmploymentPeriod `json:"periods"` // empty, never null, when there is none
}

// EmploymentPeriod is one employment, or a time of work on one's own account.
type EmploymentPeriod struct {
	Employer    string  `json:"employer"`
	Kind        string  `json:"kind"` // IncomeSalary or IncomeSelfEmployed
	From        string  `json:"from"`
	To          *string `json:"to"`          // last day; null while it goes on
	WeeklyHours *string `json:"weeklyHours"` // "32.0"; null on one's own account
}

// Business is a business as the business register knows it.
type Business struct {
	Number    string    `json:"number"` // 11 digits
	Name      string    `json:"name"`
	LegalForm string    `json:"legalForm"` // "sarl", "sarl-s", "sa"
	NACE      string    `json:"nace"`      // class, Rev. 2: "47.24"
	Founded   string    `json:"founded"`
	Managers  []Manager `json:"managers"`
	Address   Address   `json:"address"`
}

// Manager is a person with a mandate to manage a business.
type Manager struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Since string `json:"since"`
}

// CriminalRecord is an extract of the criminal record (law of 29.3.2013).
type CriminalRecord struct {
	Bulletin string          `json:"bulletin"` // "3", "4" or "5"
	Entries  []CriminalEntry `json:"entries"`  // empty, never null, when there is nothing
	Issued   string          `json:"issued"`
}

// CriminalEntry is one conviction. Offence and Sentence are codes; the words
// for them are in the locales of whoever shows them.
type CriminalEntry struct {
	Date     string `json:"date"`
	Court    string `json:"court"`    // "luxembourg" or "diekirch": the district court
	Offence  string `json:"offence"`  // "breach-of-trust", "fraud", "theft", "drink-driving", "fraudulent-bankruptcy"
	Sentence string `json:"sentence"` // "fine", "suspended-prison", "prison"
}

// BankAccount is the account the tax office pays to.
type BankAccount struct {
	IBAN string `json:"iban"`
}
