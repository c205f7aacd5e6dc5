package dmn

// EngineName and EngineVersion stand on the receipt of a decision, so that it is
// known years later what has computed it. The version changes when, and only
// when, some model gives another result than before; a test over recorded results
// notices.
const (
	EngineName    = "passerelle/engine/dmn"
	EngineVersion = "1"
)
