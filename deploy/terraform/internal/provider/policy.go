package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
	latchkey "github.com/latchkey-dev/latchkey/clients/go"
)

// policyResource is what keys may be, in the deployment or in an organization.
type policyResource struct{ caller }

type policyModel struct {
	OrganizationID     types.String `tfsdk:"organization_id"`
	MaxLifetimeSeconds types.Int64  `tfsdk:"max_lifetime_seconds"`
	RequireExpiry      types.Bool   `tfsdk:"require_expiry"`
	Permissions        []string     `tfsdk:"permissions"`
	CataloguedOnly     types.Bool   `tfsdk:"catalogued_only"`
	Prefixes           []string     `tfsdk:"prefixes"`
	RequireAllowedIPs  types.Bool   `tfsdk:"require_allowed_ips"`
	MaxKeys            types.Int64  `tfsdk:"max_keys"`
	OnLeak             types.String `tfsdk:"on_leak"`
	LeakEndsAfterHours types.Int64  `tfsdk:"leak_ends_after_hours"`
}

// deployment is the id by which the policy of the deployment is imported.
const deployment = "deployment"

func (*policyResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "latchkey_policy"
}

func (*policyResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "What keys may be: in the whole deployment, or narrower in an organization. Takes the permission latchkey:organizations:write.",
		Attributes: map[string]schema.Attribute{
			"organization_id": schema.StringAttribute{Optional: true, Description: "The organization; the whole deployment if absent.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
			"max_lifetime_seconds": schema.Int64Attribute{Optional: true,
				Description: "How long after it is set the expiry of a key may be at most; no rule if absent."},
			"require_expiry": schema.BoolAttribute{Optional: true, Description: "Whether every key must expire."},
			"permissions": schema.SetAttribute{Optional: true, ElementType: types.StringType,
				Description: "All that may be granted; no rule if absent."},
			"catalogued_only": schema.BoolAttribute{Optional: true, Description: "Whether only permissions of the catalogue may be granted."},
			"prefixes": schema.SetAttribute{Optional: true, ElementType: types.StringType,
				Description: "What new tokens may begin with; all prefixes of the deployment if absent."},
			"require_allowed_ips": schema.BoolAttribute{Optional: true, Description: "Whether every key must have allowed_ips."},
			"max_keys": schema.Int64Attribute{Optional: true,
				Description: "How many keys an organization has at most that are neither revoked nor expired; no rule if absent."},
			"on_leak": schema.StringAttribute{Optional: true,
				Description: "What is done when the newest token of a key leaks: revoke, end_after or notify; no rule if absent."},
			"leak_ends_after_hours": schema.Int64Attribute{Optional: true,
				Description: "After how many hours, 1 to 24, with on_leak end_after."},
		},
	}
}

func (m policyModel) input() latchkey.SetPolicy {
	return latchkey.SetPolicy{
		MaxLifetimeSeconds: nullableNumber(m.MaxLifetimeSeconds), RequireExpiry: latchkey.Ptr(m.RequireExpiry.ValueBool()),
		Permissions: boundOf(m.Permissions), CataloguedOnly: latchkey.Ptr(m.CataloguedOnly.ValueBool()),
		Prefixes: boundOf(m.Prefixes), RequireAllowedIPs: latchkey.Ptr(m.RequireAllowedIPs.ValueBool()),
		MaxKeys: nullableNumber(m.MaxKeys), OnLeak: nullableText(m.OnLeak), LeakEndsAfterHours: nullableNumber(m.LeakEndsAfterHours),
	}
}

func (r *policyResource) get(ctx context.Context, organization types.String) (*latchkey.Policy, error) {
	if organization.IsNull() {
		return r.client.Policies.Get(ctx)
	}
	return r.client.Policies.GetFor(ctx, organization.ValueString())
}

func (r *policyResource) set(ctx context.Context, model policyModel, condition latchkey.CallOption) (*latchkey.ChangedPolicy, error) {
	if model.OrganizationID.IsNull() {
		return r.client.Policies.Set(ctx, model.input(), condition)
	}
	return r.client.Policies.SetFor(ctx, model.OrganizationID.ValueString(), model.input(), condition)
}

func (r *policyResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var model policyModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	there, err := r.get(ctx, model.OrganizationID)
	if err != nil {
		addError(&resp.Diagnostics, "The policy cannot be read", err)
		return
	}
	if hasRules(there) {
		resp.Diagnostics.AddError("There is a policy already", "Terraform replaces none that it did not set. Import it by the id of its"+
			" organization, or by `"+deployment+"`.")
		return
	}
	// Nobody else can have set rules meanwhile.
	changed, err := r.set(ctx, model, latchkey.WithIfRevision(there.Revision))
	if err != nil {
		addError(&resp.Diagnostics, "The policy was not set", err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	rememberRevision(ctx, resp.Private, changed.Revision, &resp.Diagnostics)
}

func hasRules(policy *latchkey.Policy) bool {
	return policy.MaxLifetimeSeconds != nil || policy.RequireExpiry || policy.Permissions != nil || policy.CataloguedOnly ||
		policy.Prefixes != nil || policy.RequireAllowedIPs || policy.MaxKeys != nil || policy.OnLeak != nil
}

func (r *policyResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var model policyModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	policy, err := r.get(ctx, model.OrganizationID)
	if isCode(err, "organization_not_found") || (err == nil && policy.SetAt == nil) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "The policy cannot be read", err)
		return
	}
	model.MaxLifetimeSeconds = types.Int64PointerValue(policy.MaxLifetimeSeconds)
	model.RequireExpiry = flagOf(model.RequireExpiry, policy.RequireExpiry)
	model.Permissions = readBound(model.Permissions, policy.Permissions)
	model.CataloguedOnly = flagOf(model.CataloguedOnly, policy.CataloguedOnly)
	model.Prefixes = readBound(model.Prefixes, policy.Prefixes)
	model.RequireAllowedIPs = flagOf(model.RequireAllowedIPs, policy.RequireAllowedIPs)
	model.MaxKeys = types.Int64PointerValue(policy.MaxKeys)
	model.OnLeak = types.StringPointerValue(policy.OnLeak)
	model.LeakEndsAfterHours = types.Int64PointerValue(policy.LeakEndsAfterHours)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	rememberRevision(ctx, resp.Private, policy.Revision, &resp.Diagnostics)
}

// flagOf takes absent for false.
func flagOf(before types.Bool, now bool) types.Bool {
	if before.IsNull() && !now {
		return before
	}
	return types.BoolValue(now)
}

func (r *policyResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var model policyModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	condition := recallRevision(ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	changed, err := r.set(ctx, model, condition)
	if err != nil {
		keepState(ctx, req.State, &resp.State)
		addError(&resp.Diagnostics, "The policy was not changed", err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	rememberRevision(ctx, resp.Private, changed.Revision, &resp.Diagnostics)
}

func (r *policyResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var model policyModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var err error
	if model.OrganizationID.IsNull() {
		_, err = r.client.Policies.Set(ctx, policyModel{}.input())
	} else {
		_, err = r.client.Policies.DeleteFor(ctx, model.OrganizationID.ValueString())
	}
	if err != nil && !isCode(err, "organization_not_found") {
		addError(&resp.Diagnostics, "The policy was not taken away", err)
	}
}

func (*policyResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	model := policyModel{OrganizationID: types.StringValue(req.ID)}
	if req.ID == deployment {
		model.OrganizationID = types.StringNull()
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

var _ resource.ResourceWithImportState = &policyResource{}
