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

// planResource is a named set of permissions and limits, for organizations.
type planResource struct{ caller }

type planModel struct {
	Name        types.String `tfsdk:"name"`
	Permissions []string     `tfsdk:"permissions"`
	Limits      []limitModel `tfsdk:"limits"`
	KeyLimits   []limitModel `tfsdk:"key_limits"`
	CreatedAt   types.String `tfsdk:"created_at"`
}

func (*planResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "latchkey_plan"
}

func (*planResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "A named set of permissions and limits, for organizations. Takes the permission latchkey:limits:write.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{Required: true, Description: "The name of the plan, for good.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
			"permissions": schema.SetAttribute{Optional: true, ElementType: types.StringType,
				Description: "All that keys of its organizations may do, whatever they hold; no bound if absent, nothing if empty."},
			"limits":     limitsAttribute("What all keys of an organization draw from together."),
			"key_limits": limitsAttribute("What each key has of its own."),
			"created_at": createdAttribute(),
		},
	}
}

// boundOf is a bound on permissions: there is none if absent, and an empty one allows nothing.
func boundOf(permissions []string) *latchkey.Nullable[[]string] {
	if permissions == nil {
		return latchkey.Null[[]string]()
	}
	return latchkey.Set(permissions)
}

// readBound keeps the spelling of before, and tells no bound from an empty one.
func readBound(before, now []string) []string {
	if now != nil && len(now) == 0 {
		return []string{}
	}
	if now == nil {
		return nil
	}
	return setOf(before, now, nil)
}

func (r *planResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var model planModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	created, err := r.client.Plans.Create(ctx, latchkey.CreatePlan{
		Name: model.Name.ValueString(), Permissions: boundOf(model.Permissions),
		Limits: limitsFrom(model.Limits), KeyLimits: limitsFrom(model.KeyLimits),
	})
	if err != nil {
		addError(&resp.Diagnostics, "The plan was not created", err)
		return
	}
	model.CreatedAt = instantOf(types.StringNull(), &created.CreatedAt)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	rememberRevision(ctx, resp.Private, created.Revision, &resp.Diagnostics)
}

func (r *planResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var model planModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	plan, err := r.client.Plans.Get(ctx, model.Name.ValueString())
	if isCode(err, "plan_not_found") {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "The plan cannot be read", err)
		return
	}
	model.Permissions = readBound(model.Permissions, plan.Permissions)
	model.Limits, model.KeyLimits = limitsOf(model.Limits, plan.Limits), limitsOf(model.KeyLimits, plan.KeyLimits)
	model.CreatedAt = instantOf(model.CreatedAt, &plan.CreatedAt)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	rememberRevision(ctx, resp.Private, plan.Revision, &resp.Diagnostics)
}

func (r *planResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var model planModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	condition := recallRevision(ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	changed, err := r.client.Plans.Update(ctx, model.Name.ValueString(), latchkey.UpdatePlan{
		Permissions: boundOf(model.Permissions),
		Limits:      latchkey.Set(limitsFrom(model.Limits)), KeyLimits: latchkey.Set(limitsFrom(model.KeyLimits)),
	}, condition)
	if err != nil {
		keepState(ctx, req.State, &resp.State)
		addError(&resp.Diagnostics, "The plan was not changed", err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	rememberRevision(ctx, resp.Private, changed.Revision, &resp.Diagnostics)
}

func (r *planResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var model planModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	_, err := r.client.Plans.Delete(ctx, model.Name.ValueString())
	if err != nil && !isCode(err, "plan_not_found") {
		addError(&resp.Diagnostics, "The plan was not deleted", err)
	}
}

func (*planResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("name"), req, resp)
}
