package provider

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
	latchkey "github.com/latchkey-dev/latchkey/clients/go"
)

// How a token of a lasting key reaches a secret store, and never the state or a plan.
//
// A resource of Terraform that makes a token can only put it into the state. So the resource makes the token and drops it, and keeps
// a claim: which rotation it was, under which idempotency key, of which revision. The server gives the answer of a rotation again for
// 24 hours, to the same calling token alone. An ephemeral resource asks by the claim, and hands the token on to a write-only argument.
//
//  1. A claim holds nothing secret: who has it without the calling token has nothing, and who has that token may rotate by itself.
//  2. To open it changes nothing, so that a plan may: a rotation that the server remembers is not done again, and one that it has
//     forgotten is refused, because the key no longer has the revision of before.
//  3. A claim is unknown until the rotation is applied, so Terraform opens it then, in the same run.

// claim names a rotation.
type claim struct {
	ID       string `json:"id"`
	Revision string `json:"revision"`
	// Once is the idempotency key.
	Once         string `json:"once"`
	GraceSeconds *int64 `json:"grace_seconds,omitempty"`
}

func newClaim(id, revision string, grace types.Int64) (*claim, error) {
	once := make([]byte, 16)
	if _, err := rand.Read(once); err != nil {
		return nil, err
	}
	return &claim{ID: id, Revision: revision, Once: "terraform-" + hex.EncodeToString(once), GraceSeconds: grace.ValueInt64Pointer()}, nil
}

func (c *claim) text() types.String {
	text, _ := json.Marshal(c)
	return types.StringValue(string(text))
}

func (c *claim) options() []latchkey.CallOption {
	return []latchkey.CallOption{latchkey.WithIfRevision(c.Revision), latchkey.WithIdempotencyKey(c.Once)}
}

func (c *claim) rotateKey(ctx context.Context, client *latchkey.Client) (*latchkey.RotatedKey, error) {
	return client.Keys.Rotate(ctx, c.ID, latchkey.RotateKey{GraceSeconds: c.GraceSeconds}, c.options()...)
}

func (c *claim) rotateWebhook(ctx context.Context, client *latchkey.Client) (*latchkey.RotatedWebhook, error) {
	return client.Webhooks.Rotate(ctx, c.ID, latchkey.RotateWebhook{GraceSeconds: c.GraceSeconds}, c.options()...)
}

// What the server answers if it does not give the answer again: it has forgotten it, or gave it to another calling token, or this one
// may not rotate; or what was rotated is gone. None of these changes anything.
var noLongerClaimed = []string{
	"precondition_failed", "idempotency_sealed", "missing_permission", "permission_escalation", "key_not_found", "key_revoked",
	"key_expired", "organization_suspended", "rotation_in_progress", "webhook_not_found",
}

// claimed is an ephemeral resource that asks by a claim.
type claimed struct {
	caller
	name, output, description string
	ask                       func(ctx context.Context, client *latchkey.Client, from *claim) (string, error)
}

func newKeyToken() ephemeral.EphemeralResource {
	return &claimed{
		name: "latchkey_key_token", output: "token",
		description: "The token of a latchkey_key, for a write-only argument. The server gives it for 24 hours after it was made, to the" +
			" calling token that made it; afterwards, and to others, it is null. Nothing of it is in a plan or a state.",
		ask: func(ctx context.Context, client *latchkey.Client, from *claim) (string, error) {
			rotated, err := from.rotateKey(ctx, client)
			if err != nil {
				return "", err
			}
			return rotated.Key, nil
		},
	}
}

func newWebhookSecret() ephemeral.EphemeralResource {
	return &claimed{
		name: "latchkey_webhook_secret", output: "secret",
		description: "What signs the messages of a latchkey_webhook, for a write-only argument. The server gives it for 24 hours after" +
			" it was made, to the calling token that made it; afterwards, and to others, it is null. Nothing of it is in a plan or a state.",
		ask: func(ctx context.Context, client *latchkey.Client, from *claim) (string, error) {
			rotated, err := from.rotateWebhook(ctx, client)
			if err != nil {
				return "", err
			}
			return rotated.Secret, nil
		},
	}
}

func (r *claimed) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = r.name
}

func (r *claimed) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: r.description,
		Attributes: map[string]schema.Attribute{
			"claim": schema.StringAttribute{Optional: true, Description: "The `" + r.output + "_claim` of the resource."},
			r.output: schema.StringAttribute{Computed: true, Sensitive: true,
				Description: "The secret itself; null if it can no longer be claimed."},
		},
	}
}

func (r *claimed) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	r.take(req.ProviderData)
}

func (r *claimed) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var text types.String
	at := path.Root("claim")
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, at, &text)...)
	if resp.Diagnostics.HasError() {
		return
	}
	value := types.StringNull()
	if !text.IsNull() {
		from := &claim{}
		if err := json.Unmarshal([]byte(text.ValueString()), from); err != nil || from.ID == "" || from.Revision == "" || from.Once == "" {
			resp.Diagnostics.AddAttributeError(at, "Invalid claim", "Must be the "+r.output+"_claim of a resource, as it stands there.")
			return
		}
		secret, err := r.ask(ctx, r.client, from)
		if err != nil && !isCode(err, noLongerClaimed...) {
			addError(&resp.Diagnostics, "The "+r.output+" cannot be claimed", err)
			return
		}
		if err == nil {
			value = types.StringValue(secret)
		}
	}
	resp.Diagnostics.Append(resp.Result.SetAttribute(ctx, at, text)...)
	resp.Diagnostics.Append(resp.Result.SetAttribute(ctx, path.Root(r.output), value)...)
}
