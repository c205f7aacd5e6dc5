// Package packages holds the service packages of the demonstration State, so
// that one binary is enough. The folders below are data: no Go.
package packages

import (
	"embed"
	"io/fs"
)

//go:embed all:lu
var files embed.FS

// Luxembourg returns the packages of services/lu.
func Luxembourg() fs.FS {
	sub, err := fs.Sub(files, "lu")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return sub
}
