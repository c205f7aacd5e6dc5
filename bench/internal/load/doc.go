// Package load is what the load programs share: it starts the real server as a
// process of its own on a new database, signs people in by HTTP as a browser
// does, sends requests over kept connections, and measures.
//
// The load runs on the same machine as the server and takes its share of the
// processor. Its client is therefore small: prepared bytes out, the header read
// for its length, the body kept only when somebody asks.
package load
