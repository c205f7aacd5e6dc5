// Package pdf prints a document as PDF/UA-1 when the renderer WeasyPrint is
// installed on the machine. It is optional: the HTML of a letter, with its
// print styles, is the letter; the PDF is a convenience to keep it.
//
// The renderer runs as a process of its own, bounded in time and output, and
// is given everything it may show: it fetches nothing.
package pdf
