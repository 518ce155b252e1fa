package provider

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
	latchkey "github.com/latchkey-dev/latchkey/clients/go"
)

// temporaryKey is a key for the time of a run: made when Terraform needs it, and revoked when it does not any more. If Terraform dies
// before, the key expires.
type temporaryKey struct{ caller }

type temporaryKeyModel struct {
	Name            types.String `tfsdk:"name"`
	OrganizationID  types.String `tfsdk:"organization_id"`
	ParentID        types.String `tfsdk:"parent_id"`
	Permissions     []string     `tfsdk:"permissions"`
	AllowedIPs      []string     `tfsdk:"allowed_ips"`
	LifetimeSeconds types.Int64  `tfsdk:"lifetime_seconds"`
	ID              types.String `tfsdk:"id"`
	Token           types.String `tfsdk:"token"`
	ExpiresAt       types.String `tfsdk:"expires_at"`
}

const (
	defaultLifetimeSeconds = 3600
	temporaryKeyID         = "id"
)

func (*temporaryKey) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = "latchkey_key"
}

func (*temporaryKey) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "A key for the time of a plan or an apply, such as for another provider or a provisioner. It is revoked at the end.",
		Attributes: map[string]schema.Attribute{
			"name":            schema.StringAttribute{Required: true, Description: "A name for people."},
			"organization_id": schema.StringAttribute{Optional: true, Description: "Its organization; that of the calling key if absent."},
			"parent_id":       schema.StringAttribute{Optional: true, Description: "The key of which it is a child."},
			"permissions": schema.SetAttribute{Optional: true, ElementType: types.StringType,
				Description: "What it may do; nothing if absent."},
			"allowed_ips": schema.SetAttribute{Optional: true, ElementType: types.StringType,
				Description: "From where it may be used; from anywhere if absent."},
			"lifetime_seconds": schema.Int64Attribute{Optional: true,
				Description: "After how long it expires if Terraform could not revoke it; an hour if absent."},
			"id":         schema.StringAttribute{Computed: true, Description: "Its id."},
			"token":      schema.StringAttribute{Computed: true, Sensitive: true, Description: "Its token."},
			"expires_at": schema.StringAttribute{Computed: true, Description: "When it expires."},
		},
	}
}

func (k *temporaryKey) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	k.take(req.ProviderData)
}

func (k *temporaryKey) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model temporaryKeyModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	lifetime := int64(defaultLifetimeSeconds)
	if !model.LifetimeSeconds.IsNull() {
		lifetime = model.LifetimeSeconds.ValueInt64()
	}
	input := latchkey.CreateKey{
		Name: model.Name.ValueString(), OrganizationID: model.OrganizationID.ValueString(), ParentID: model.ParentID.ValueString(),
		Permissions: model.Permissions, Tags: []string{"terraform"},
		ExpiresAt: latchkey.Set(time.Now().Add(time.Duration(lifetime) * time.Second).Truncate(time.Second)),
	}
	if model.AllowedIPs != nil {
		input.AllowedIPs = latchkey.Set(model.AllowedIPs)
	}
	created, err := k.client.Keys.Create(ctx, input)
	if err != nil {
		addError(&resp.Diagnostics, "The temporary key was not created", err)
		return
	}
	id, _ := json.Marshal(created.ID)
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, temporaryKeyID, id)...)
	model.ID, model.Token = types.StringValue(created.ID), types.StringValue(created.Key)
	model.ExpiresAt = instantOf(types.StringNull(), created.ExpiresAt)
	resp.Diagnostics.Append(resp.Result.Set(ctx, model)...)
}

func (k *temporaryKey) Close(ctx context.Context, req ephemeral.CloseRequest, resp *ephemeral.CloseResponse) {
	text, found := req.Private.GetKey(ctx, temporaryKeyID)
	resp.Diagnostics.Append(found...)
	var id string
	if err := json.Unmarshal(text, &id); err != nil {
		resp.Diagnostics.AddError("The temporary key is not known", err.Error())
		return
	}
	_, err := k.client.Keys.Revoke(ctx, id, latchkey.WithReason("no_longer_used"), latchkey.WithWait())
	if err != nil && !isCode(err, "key_not_found") {
		addError(&resp.Diagnostics, "The temporary key "+id+" was not revoked; it expires by itself", err)
	}
}
