package html

import (
	"html/template"
	"io"
)

// FormPolicy is the Content Security Policy of the form that asks for the token.
func FormPolicy() string {
	return "default-src 'none'; style-src '" + hash(styleText) + "'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}

// formText is that form.
const formText = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>tcpwatch</title>
<style>{{.Style}}</style>
</head>
<body>
<main><h1>tcpwatch</h1>
<p>{{.Why}}.</p>
<form method="post" action="/token"><p class="filter"><label>Token <input type="password" name="token" autocomplete="off" required autofocus></label> <button>Show the page</button></p></form>
</main>
</body>
</html>
`

// WriteTokenForm writes the page that asks for the token, and says why it does.
func WriteTokenForm(w io.Writer, why string) error {
	t, err := template.New("form").Parse(formText)
	if err != nil {
		return err
	}
	return t.Execute(w, struct {
		Style template.CSS
		Why   string
	}{template.CSS(styleText), why})
}
