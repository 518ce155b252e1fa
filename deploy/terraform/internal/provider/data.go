package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Data sources tell what is there and is managed elsewhere. None has a secret.

type dataSource struct{ caller }

func (d *dataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.take(req.ProviderData)
}

func computedText(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, Description: description}
}

func computedSet(description string) schema.SetAttribute {
	return schema.SetAttribute{Computed: true, ElementType: types.StringType, Description: description}
}

func computedLimits(description string) schema.ListNestedAttribute {
	number := func(description string) schema.Int64Attribute {
		return schema.Int64Attribute{Computed: true, Description: description}
	}
	return schema.ListNestedAttribute{
		Computed: true, Description: description,
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"name":           computedText("The name of the limit."),
			"limit":          number("How many units there are in each window, or in each period."),
			"window_seconds": number("Of a rate: in how many seconds it gains `limit` units."),
			"burst":          number("How many units the bucket of a rate holds; `limit` if null."),
			"resets":         computedText("Of a quota: for which periods it has `limit` units, or `never`."),
			"anchor":         computedText("Of a weekly or monthly quota: an instant at which a period begins."),
			"overdraft":      number("How far a settlement may draw a quota below zero."),
			"default_cost":   number("How many units a call draws that names no cost; 1 if null."),
		}},
	}
}

type organizationData struct{ dataSource }

type organizationDataModel struct {
	ID        types.String `tfsdk:"id"`
	Name      types.String `tfsdk:"name"`
	Limits    []limitModel `tfsdk:"limits"`
	Plan      types.String `tfsdk:"plan"`
	Suspended types.Bool   `tfsdk:"suspended"`
	CreatedAt types.String `tfsdk:"created_at"`
}

func (*organizationData) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "latchkey_organization"
}

func (*organizationData) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "An organization, by its id.",
		Attributes: map[string]schema.Attribute{
			"id":         schema.StringAttribute{Required: true, Description: "Its id."},
			"name":       computedText("Its name."),
			"limits":     computedLimits("What all of its keys draw from together."),
			"plan":       computedText("The name of its plan; null for none."),
			"suspended":  schema.BoolAttribute{Computed: true, Description: "Whether it is suspended."},
			"created_at": computedText("When it was created."),
		},
	}
}

func (d *organizationData) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model organizationDataModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	organization, err := d.client.Organizations.Get(ctx, model.ID.ValueString())
	if err != nil {
		addError(&resp.Diagnostics, "The organization cannot be read", err)
		return
	}
	model.Name, model.Plan = types.StringValue(organization.Name), textOf(organization.Plan)
	model.Limits = limitsOf([]limitModel{}, plainOf(organization.Limits))
	model.Suspended = types.BoolValue(organization.SuspendedAt != nil)
	model.CreatedAt = instantOf(types.StringNull(), &organization.CreatedAt)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

type planData struct{ dataSource }

func (*planData) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "latchkey_plan"
}

func (*planData) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "A plan, by its name.",
		Attributes: map[string]schema.Attribute{
			"name":        schema.StringAttribute{Required: true, Description: "Its name."},
			"permissions": computedSet("All that keys of its organizations may do; null for no bound."),
			"limits":      computedLimits("What all keys of an organization draw from together."),
			"key_limits":  computedLimits("What each key has of its own."),
			"created_at":  computedText("When it was created."),
		},
	}
}

func (d *planData) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model planModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	plan, err := d.client.Plans.Get(ctx, model.Name.ValueString())
	if err != nil {
		addError(&resp.Diagnostics, "The plan cannot be read", err)
		return
	}
	model.Permissions = readBound(nil, plan.Permissions)
	model.Limits, model.KeyLimits = limitsOf([]limitModel{}, plan.Limits), limitsOf([]limitModel{}, plan.KeyLimits)
	model.CreatedAt = instantOf(types.StringNull(), &plan.CreatedAt)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

type keyData struct{ dataSource }

type keyDataModel struct {
	ID             types.String `tfsdk:"id"`
	OrganizationID types.String `tfsdk:"organization_id"`
	Name           types.String `tfsdk:"name"`
	Permissions    []string     `tfsdk:"permissions"`
	ExpiresAt      types.String `tfsdk:"expires_at"`
	NotBefore      types.String `tfsdk:"not_before"`
	AllowedIPs     []string     `tfsdk:"allowed_ips"`
	Metadata       types.String `tfsdk:"metadata"`
	Description    types.String `tfsdk:"description"`
	Tags           []string     `tfsdk:"tags"`
	Limits         []limitModel `tfsdk:"limits"`
	ParentID       types.String `tfsdk:"parent_id"`
	Status         types.String `tfsdk:"status"`
	Hint           types.String `tfsdk:"hint"`
	CreatedAt      types.String `tfsdk:"created_at"`
}

func (*keyData) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = "latchkey_key"
}

func (*keyData) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "A key, by its id: all but its token.",
		Attributes: map[string]schema.Attribute{
			"id":              schema.StringAttribute{Required: true, Description: "Its id."},
			"organization_id": computedText("The organization that owns it."),
			"name":            computedText("Its name."),
			"permissions":     computedSet("What it may do."),
			"expires_at":      computedText("When it expires; null if never."),
			"not_before":      computedText("From when on it is valid; null for at once."),
			"allowed_ips":     computedSet("From where it may be used; empty for anywhere."),
			"metadata":        computedText("Your own data, as JSON."),
			"description":     computedText("What it is for."),
			"tags":            computedSet("Words under which it is found."),
			"limits":          computedLimits("How many units its calls may draw."),
			"parent_id":       computedText("The key of which it is a child; null if it is none."),
			"status":          computedText("Whether it is valid, and why not."),
			"hint":            computedText("The prefix and the kid of its token, which are not secret."),
			"created_at":      computedText("When it was created."),
		},
	}
}

func (d *keyData) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var id types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("id"), &id)...)
	if resp.Diagnostics.HasError() {
		return
	}
	key, err := d.client.Keys.Get(ctx, id.ValueString())
	if err != nil {
		addError(&resp.Diagnostics, "The key cannot be read", err)
		return
	}
	read := keyModel{Permissions: []string{}, AllowedIPs: []string{}, Tags: []string{}, Limits: []limitModel{}}
	read.read(key)
	if read.Metadata.IsNull() {
		read.Metadata = types.StringValue("{}")
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, keyDataModel{
		ID: id, OrganizationID: read.OrganizationID, Name: read.Name, Permissions: read.Permissions, ExpiresAt: read.ExpiresAt,
		NotBefore: read.NotBefore, AllowedIPs: read.AllowedIPs, Metadata: read.Metadata, Description: read.Description, Tags: read.Tags,
		Limits: read.Limits, ParentID: read.ParentID, Status: types.StringValue(key.Status), Hint: read.Hint, CreatedAt: read.CreatedAt,
	})...)
}
