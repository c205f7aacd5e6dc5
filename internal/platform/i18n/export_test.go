package i18n_test

import "os"

// own is this package's folder: its locales/ are read as any module's.
var own = os.DirFS(".")
