package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	latchkey "github.com/latchkey-dev/latchkey/clients/go"
)

// organizationResource is an owner of keys. The API deletes none: destroyed, it is suspended, and with it all of its keys.
type organizationResource struct{ caller }

type organizationModel struct {
	ID        types.String `tfsdk:"id"`
	Name      types.String `tfsdk:"name"`
	Limits    []limitModel `tfsdk:"limits"`
	Plan      types.String `tfsdk:"plan"`
	Suspended types.Bool   `tfsdk:"suspended"`
	OnDestroy types.String `tfsdk:"on_destroy"`
	CreatedAt types.String `tfsdk:"created_at"`
}

const (
	suspendOnDestroy = "suspend"
	keepOnDestroy    = "keep"
)

func (*organizationResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "latchkey_organization"
}

func (*organizationResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "An owner of keys. Takes the permissions latchkey:organizations:read and latchkey:organizations:write.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{Optional: true, Computed: true, Description: "Its id, for good; a new UUID if absent.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown(), stringplanmodifier.RequiresReplace()}},
			"name":   schema.StringAttribute{Required: true, Description: "A name for people."},
			"limits": limitsAttribute("What all of its keys draw from together. Takes latchkey:limits:write."),
			"plan":   schema.StringAttribute{Optional: true, Description: "The name of its plan. Takes latchkey:limits:write."},
			"suspended": schema.BoolAttribute{Optional: true, Computed: true,
				Description: "Whether it is suspended, with all of its keys. If absent, Terraform leaves that to others: an organization" +
					" that somebody has suspended stays so.",
				PlanModifiers: []planmodifier.Bool{keepBool{}}},
			"on_destroy": schema.StringAttribute{Optional: true, Computed: true, Default: stringdefault.StaticString(suspendOnDestroy),
				Description: "What becomes of it when it is destroyed: `suspend`, off its plan, or `keep` to leave it as it is. None is ever deleted.",
				Validators:  []validator.String{oneOf{suspendOnDestroy, keepOnDestroy}}},
			"created_at": createdAttribute(),
		},
	}
}

func createdAttribute() schema.StringAttribute {
	return schema.StringAttribute{Computed: true, Description: "When it was created.",
		PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()}}
}

func (r *organizationResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var model organizationModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	input := latchkey.CreateOrganization{ID: model.ID.ValueString(), Name: model.Name.ValueString(), Limits: limitsFrom(model.Limits)}
	if !model.Plan.IsNull() {
		input.Plan = nullableText(model.Plan)
	}
	created, err := r.client.Organizations.Create(ctx, input)
	if err != nil {
		addError(&resp.Diagnostics, "The organization was not created", err)
		return
	}
	wanted := model.Suspended
	model.ID, model.CreatedAt = types.StringValue(created.ID), instantOf(types.StringNull(), &created.CreatedAt)
	model.Suspended = types.BoolValue(false)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	rememberRevision(ctx, resp.Private, created.Revision, &resp.Diagnostics)
	if wanted.ValueBool() {
		suspended, err := r.suspend(ctx, created.ID, true)
		if err != nil {
			addError(&resp.Diagnostics, "The organization was created, but not suspended", err)
			return
		}
		model.Suspended = wanted
		resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
		rememberRevision(ctx, resp.Private, suspended.Revision, &resp.Diagnostics)
	}
}

func (r *organizationResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var model organizationModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	organization, err := r.client.Organizations.Get(ctx, model.ID.ValueString())
	if isCode(err, "organization_not_found") {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "The organization cannot be read", err)
		return
	}
	model.Name, model.Plan = types.StringValue(organization.Name), textOf(organization.Plan)
	model.Limits = limitsOf(model.Limits, plainOf(organization.Limits))
	model.Suspended = types.BoolValue(organization.SuspendedAt != nil)
	model.CreatedAt = instantOf(model.CreatedAt, &organization.CreatedAt)
	if model.OnDestroy.IsNull() {
		model.OnDestroy = types.StringValue(suspendOnDestroy)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	rememberRevision(ctx, resp.Private, organization.Revision, &resp.Diagnostics)
}

func (r *organizationResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var model, before organizationModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &before)...)
	condition := recallRevision(ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	input := latchkey.UpdateOrganization{Name: latchkey.Ptr(model.Name.ValueString())}
	// To set these takes a permission more, so they are sent only if they change.
	if !sameLimits(model.Limits, before.Limits) {
		input.Limits = latchkey.Set(limitsFrom(model.Limits))
	}
	if !model.Plan.Equal(before.Plan) {
		input.Plan = nullableText(model.Plan)
	}
	changed, err := r.client.Organizations.Update(ctx, model.ID.ValueString(), input, condition)
	if err != nil {
		keepState(ctx, req.State, &resp.State)
		addError(&resp.Diagnostics, "The organization was not changed", err)
		return
	}
	rememberRevision(ctx, resp.Private, changed.Revision, &resp.Diagnostics)
	if !model.Suspended.Equal(before.Suspended) {
		changed, err = r.suspend(ctx, model.ID.ValueString(), model.Suspended.ValueBool())
		if err != nil {
			wanted := model.Suspended
			model.Suspended = before.Suspended
			resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
			addError(&resp.Diagnostics, "The organization was changed, but suspended = "+wanted.String()+" failed", err)
			return
		}
		rememberRevision(ctx, resp.Private, changed.Revision, &resp.Diagnostics)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

func (r *organizationResource) suspend(ctx context.Context, id string, isSuspended bool) (*latchkey.ChangedOrganization, error) {
	if isSuspended {
		return r.client.Organizations.Suspend(ctx, id, latchkey.Suspend{Reason: "Terraform"}, latchkey.WithWait())
	}
	return r.client.Organizations.Resume(ctx, id)
}

func (r *organizationResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var model organizationModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	id := model.ID.ValueString()
	if model.OnDestroy.ValueString() == keepOnDestroy {
		return
	}
	_, err := r.suspend(ctx, id, true)
	if err != nil && !isCode(err, "organization_not_found") {
		addError(&resp.Diagnostics, "The organization was not suspended", err)
		return
	}
	// Else its plan could never be destroyed.
	if err == nil && !model.Plan.IsNull() {
		if _, err := r.client.Organizations.Update(ctx, id, latchkey.UpdateOrganization{Plan: latchkey.Null[string]()}); err != nil {
			addError(&resp.Diagnostics, "The organization was suspended, but is on its plan still", err)
			return
		}
	}
	resp.Diagnostics.AddWarning("The organization "+id+" is suspended, not deleted",
		"Latchkey deletes no organization, since its audit log stays. All of its keys are refused, and it is on no plan any more."+
			" Its id is taken: to use it again, import it.")
}

func (*organizationResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}

// keepState says that a change has changed nothing.
func keepState(_ context.Context, before tfsdk.State, now *tfsdk.State) {
	now.Raw = before.Raw.Copy()
}

// keepBool plans for what nobody configures what it is.
type keepBool struct{}

func (keepBool) Description(context.Context) string { return "Stays as it is if absent." }

func (k keepBool) MarkdownDescription(ctx context.Context) string { return k.Description(ctx) }

func (keepBool) PlanModifyBool(_ context.Context, req planmodifier.BoolRequest, resp *planmodifier.BoolResponse) {
	if req.ConfigValue.IsNull() && !req.StateValue.IsNull() {
		resp.PlanValue = req.StateValue
	}
}
