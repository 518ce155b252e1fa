// The frame of the app's pages.

/** Writes a text as HTML. */
export function toHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** A page with this body. */
export function layout(body: string, head = ''): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Example</title>
<link rel="stylesheet" href="/style.css">
${head}
</head>
<body><main>${body}</main></body>
</html>`
}
