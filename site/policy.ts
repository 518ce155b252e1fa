// What a page of the site may load.

/** Nothing comes from elsewhere, and nothing in the page itself is run: a page's own Content-Security-Policy. */
export const policy = [
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'",
  "base-uri 'none'; form-action 'none'",
].join('; ')
