// Package gallery shows every component of ui on sample pages: a first page,
// a decided case, a form with errors, the workbench, a letter. Tests render
// it and check the markup; designers look at it. No page of the product
// imports it, so its sample texts are English only.
package gallery
