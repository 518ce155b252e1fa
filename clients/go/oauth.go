package latchkey

import (
	"context"
	"net/http"
	"net/url"
)

// OAuth has the endpoints that other systems know: RFC 7662, RFC 7009 and RFC 8414.
type OAuth struct{ r *requester }

// Introspect tells of a token what RFC 7662 has. It draws one unit of each limit, unless Cost says otherwise.
func (o *OAuth) Introspect(ctx context.Context, input Introspect, options ...CallOption) (*Introspection, error) {
	read, err := readOptions(options)
	if err != nil {
		return nil, err
	}
	form := url.Values{"token": {input.Token}}
	setText(form, "token_type_hint", input.TokenTypeHint)
	setText(form, "prefix", input.Prefix)
	setText(form, "cost", input.Cost)
	setText(form, "ip", input.IP)
	for _, permission := range input.Permission {
		form.Add("permission", permission)
	}
	introspection := &Introspection{}
	call := sending{method: http.MethodPost, path: "/v1/introspect", body: form, timeout: read.timeout}
	_, err = o.r.call(ctx, call, introspection)
	return orNil(introspection, err)
}

// Revoke revokes the key of a token (RFC 7009). An unknown token is no error.
func (o *OAuth) Revoke(ctx context.Context, input RevokeToken, options ...CallOption) error {
	read, err := readOptions(options)
	if err != nil {
		return err
	}
	form := url.Values{"token": {input.Token}}
	setText(form, "token_type_hint", input.TokenTypeHint)
	_, err = o.r.call(ctx, sending{method: http.MethodPost, path: "/v1/revoke", body: form, repeatable: true, timeout: read.timeout}, nil)
	return err
}

// ReadServerMetadata returns what RFC 8414 has of a server with a public URL.
func (o *OAuth) ReadServerMetadata(ctx context.Context, options ...CallOption) (*ServerMetadata, error) {
	metadata := &ServerMetadata{}
	return orNil(metadata, o.r.get(ctx, "/.well-known/oauth-authorization-server", metadata, options))
}

func setText(form url.Values, name, text string) {
	if text != "" {
		form.Set(name, text)
	}
}
