package latchkey

// Version is that of this package, which is that of the server that it was made for.
const Version = "0.3.0"
