module github.com/latchkey-dev/latchkey/clients/go

go 1.22
