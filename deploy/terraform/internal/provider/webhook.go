package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	latchkey "github.com/latchkey-dev/latchkey/clients/go"
)

// webhookResource is to where events are sent. Its secret is in no state: claims.go says how it is handed on.
type webhookResource struct{ caller }

type webhookModel struct {
	ID                   types.String `tfsdk:"id"`
	OrganizationID       types.String `tfsdk:"organization_id"`
	SourceOrganizationID types.String `tfsdk:"source_organization_id"`
	URL                  types.String `tfsdk:"url"`
	Events               []string     `tfsdk:"events"`
	Description          types.String `tfsdk:"description"`
	Enabled              types.Bool   `tfsdk:"enabled"`
	SecretVersion        types.Int64  `tfsdk:"secret_version"`
	GraceSeconds         types.Int64  `tfsdk:"rotation_grace_seconds"`
	SecretClaim          types.String `tfsdk:"secret_claim"`
	CreatedAt            types.String `tfsdk:"created_at"`
}

func (*webhookResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "latchkey_webhook"
}

func (*webhookResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	keep := stringplanmodifier.UseStateForUnknown()
	replace := stringplanmodifier.RequiresReplace()
	resp.Schema = schema.Schema{
		Description: "To where events are sent. What signs them is never in a plan or a state: ephemeral.latchkey_webhook_secret hands it on." +
			" Takes the permissions latchkey:webhooks:read and latchkey:webhooks:write.",
		Attributes: merge(versionAttributes("secret", "signs too; a day if absent."), map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true, Description: "Its id.", PlanModifiers: []planmodifier.String{keep}},
			"organization_id": schema.StringAttribute{Optional: true, Computed: true,
				Description:   "The organization that owns it, for good; that of the calling key if absent.",
				PlanModifiers: []planmodifier.String{keep, replace}},
			"source_organization_id": schema.StringAttribute{Optional: true, PlanModifiers: []planmodifier.String{replace},
				Description: "For one of the root organization: it sends the events of this organization alone; those of all if absent."},
			"url": schema.StringAttribute{Required: true,
				Description: "To where events are posted: https, and an address that everybody can reach."},
			"events": schema.SetAttribute{Required: true, ElementType: types.StringType,
				Description: "Which events are sent: names such as `key.revoked`, all of a kind as `key.*`, or `*`."},
			"description": schema.StringAttribute{Optional: true, Description: "What it is for."},
			"enabled": schema.BoolAttribute{Optional: true, Computed: true, PlanModifiers: []planmodifier.Bool{keepBool{}},
				Description: "Whether it sends. If absent, Terraform leaves that to others: one that somebody has stopped, or whose receiver" +
					" is gone, stays so. Enabled again, it goes on from where it stopped."},
			"created_at": createdAttribute(),
		}),
	}
}

func (r *webhookResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var model webhookModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	input := latchkey.CreateWebhook{
		URL: model.URL.ValueString(), Events: model.Events, OrganizationID: model.OrganizationID.ValueString(),
	}
	if !model.Description.IsNull() {
		input.Description = nullableText(model.Description)
	}
	if !model.SourceOrganizationID.IsNull() {
		input.SourceOrganizationID = nullableText(model.SourceOrganizationID)
	}
	created, err := r.client.Webhooks.Create(ctx, input)
	if err != nil {
		addError(&resp.Diagnostics, "The webhook was not created", err)
		return
	}
	wanted := model.Enabled
	model.ID, model.OrganizationID = types.StringValue(created.ID), types.StringValue(created.OrganizationID)
	model.CreatedAt, model.SecretVersion = instantOf(types.StringNull(), &created.CreatedAt), versionOf(model.SecretVersion)
	model.Enabled, model.SecretClaim = types.BoolValue(true), types.StringNull()
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	revision := created.Revision
	if !wanted.IsNull() && !wanted.IsUnknown() && !wanted.ValueBool() {
		changed, err := r.client.Webhooks.Update(ctx, created.ID, latchkey.UpdateWebhook{Enabled: latchkey.Ptr(false)})
		if err != nil {
			addError(&resp.Diagnostics, "The webhook was created, but not disabled", err)
			return
		}
		revision, model.Enabled = changed.Revision, wanted
	}
	revision, err = r.rotate(ctx, &model, revision, types.Int64Value(0))
	if err != nil {
		addError(&resp.Diagnostics, "The webhook was created, but its secret cannot be claimed", err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	rememberRevision(ctx, resp.Private, revision, &resp.Diagnostics)
}

// rotate makes a secret that can be claimed, and says so in the model. It gives the revision of afterwards.
func (r *webhookResource) rotate(ctx context.Context, model *webhookModel, revision string, grace types.Int64) (string, error) {
	made, err := newClaim(model.ID.ValueString(), revision, grace)
	if err != nil {
		return "", err
	}
	rotated, err := made.rotateWebhook(ctx, r.client)
	if err != nil {
		return "", err
	}
	model.SecretClaim = made.text()
	return rotated.Revision, nil
}

func (r *webhookResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var model webhookModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	webhook, err := r.client.Webhooks.Get(ctx, model.ID.ValueString())
	if isCode(err, "webhook_not_found") {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "The webhook cannot be read", err)
		return
	}
	model.OrganizationID, model.SourceOrganizationID = types.StringValue(webhook.OrganizationID), textOf(webhook.SourceOrganizationID)
	model.URL, model.Events = types.StringValue(webhook.URL), setOf(model.Events, webhook.Events, nil)
	model.Description, model.Enabled = textOf(webhook.Description), types.BoolValue(webhook.DisabledAt == nil)
	model.CreatedAt = instantOf(model.CreatedAt, &webhook.CreatedAt)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	rememberRevision(ctx, resp.Private, webhook.Revision, &resp.Diagnostics)
}

func (r *webhookResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var model, before webhookModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &before)...)
	condition := recallRevision(ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	input := latchkey.UpdateWebhook{
		URL: latchkey.Ptr(model.URL.ValueString()), Events: model.Events, Description: nullableText(model.Description),
	}
	if !model.Enabled.Equal(before.Enabled) {
		input.Enabled = latchkey.Ptr(model.Enabled.ValueBool())
	}
	changed, err := r.client.Webhooks.Update(ctx, model.ID.ValueString(), input, condition)
	if err != nil {
		keepState(ctx, req.State, &resp.State)
		addError(&resp.Diagnostics, "The webhook was not changed", err)
		return
	}
	revision := changed.Revision
	if isRotation(before.SecretVersion, model.SecretVersion) {
		planned := model.SecretVersion
		model.SecretVersion, model.SecretClaim = before.SecretVersion, before.SecretClaim
		rotated, err := r.rotate(ctx, &model, revision, model.GraceSeconds)
		if err != nil {
			addError(&resp.Diagnostics, "The webhook was changed, but not rotated", err)
		} else {
			model.SecretVersion, revision = planned, rotated
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	rememberRevision(ctx, resp.Private, revision, &resp.Diagnostics)
}

func (r *webhookResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var model webhookModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, err := r.client.Webhooks.Delete(ctx, model.ID.ValueString())
	if err != nil && !isCode(err, "webhook_not_found") {
		addError(&resp.Diagnostics, "The webhook was not deleted", err)
	}
}

func (*webhookResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	planVersion(ctx, req, resp, "secret")
}

func (*webhookResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}
