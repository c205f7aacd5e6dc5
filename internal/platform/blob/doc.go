// Package blob keeps files by the SHA-256 of their content, in a folder.
//
// # Invariants
//
//   - When Put returns, the content and its name are on stable storage; a
//     crash before leaves at most a temporary file that a later Open removes.
//   - A hash always names the same bytes. The same content is stored once.
//   - Files are never changed and never deleted here; what is stored first and
//     referenced later (in the database) can only be left over, never missing.
//   - A reader sees the whole content: Get checks it against the hash.
//
// The folder is <dir>/<first two hex digits>/<hash>, readable by the owner only.
package blob
