// Package web embeds the design system as built: styles, scripts, type and
// icons. The files in dist are made by `make build` (npm run build) and are
// not committed; only dist/.gitkeep is, so that the module always compiles.
package web
