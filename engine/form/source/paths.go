package source

import (
	"regexp"
	"strings"
)

var (
	// noise matches what in FEEL is no code: strings, comments.
	noise = regexp.MustCompile(`(?s)"(?:[^"\\]|\\.)*"|/\*.*?\*/|//[^\n]*`)
	// dotted matches names joined by dots.
	dotted = regexp.MustCompile(`[\p{L}_][\p{L}\p{N}_]*(?:\s*\.\s*[\p{L}_][\p{L}\p{N}_]*)+`)
	parts  = regexp.MustCompile(`[\p{L}_][\p{L}\p{N}_]*`)
)

// Paths returns the names that a FEEL text reads below root: for root
// "application" and the text "application.members.age > 3" it returns
// [["members" "age"]]. A path ends where anything but a dot and a name without
// spaces follows. Text in strings and comments is not read.
func Paths(text, root string) [][]string {
	if !strings.Contains(text, root) {
		return nil
	}
	var out [][]string
	for _, path := range dotted.FindAllString(noise.ReplaceAllString(text, `""`), -1) {
		if names := parts.FindAllString(path, -1); names[0] == root {
			out = append(out, names[1:])
		}
	}
	return out
}
