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

// permissionResource is one entry of the catalogue of permissions.
type permissionResource struct{ caller }

type permissionModel struct {
	Name        types.String `tfsdk:"name"`
	Description types.String `tfsdk:"description"`
	Group       types.String `tfsdk:"group"`
}

func (*permissionResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "latchkey_permission"
}

func (*permissionResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "An entry of the catalogue, which says what a permission of your API means. Takes the permission" +
			" latchkey:permissions:write.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{Required: true, Description: "The permission, such as emails:send.",
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplace()}},
			"description": schema.StringAttribute{Optional: true, Description: "What it lets a key do."},
			"group":       schema.StringAttribute{Optional: true, Description: "Under which heading forms show it."},
		},
	}
}

func (r *permissionResource) find(ctx context.Context, name string) (*latchkey.CatalogueEntry, error) {
	entries, err := r.client.Keys.ListCatalogue(ctx)
	for i := range entries {
		if entries[i].Name == name {
			return &entries[i], err
		}
	}
	return nil, err
}

func (r *permissionResource) describe(ctx context.Context, model permissionModel) error {
	described := latchkey.DescribedPermission{
		Name: model.Name.ValueString(), Description: nullableText(model.Description), Group: nullableText(model.Group),
	}
	_, err := r.client.Keys.DescribePermissions(ctx, latchkey.DescribePermissions{
		Permissions: []latchkey.DescribedPermission{described},
	})
	return err
}

func (r *permissionResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var model permissionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	there, err := r.find(ctx, model.Name.ValueString())
	if err == nil && there != nil {
		resp.Diagnostics.AddAttributeError(path.Root("name"), "The catalogue has the permission already", "To take it over, import it.")
		return
	}
	if err == nil {
		err = r.describe(ctx, model)
	}
	if err != nil {
		addError(&resp.Diagnostics, "The permission was not described", err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

func (r *permissionResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var model permissionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	entry, err := r.find(ctx, model.Name.ValueString())
	if err != nil {
		addError(&resp.Diagnostics, "The catalogue cannot be read", err)
		return
	}
	if entry == nil {
		resp.State.RemoveResource(ctx)
		return
	}
	model.Description, model.Group = textOf(entry.Description), textOf(entry.Group)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

func (r *permissionResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var model permissionModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := r.describe(ctx, model); err != nil {
		keepState(ctx, req.State, &resp.State)
		addError(&resp.Diagnostics, "The permission was not described", err)
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
}

func (r *permissionResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var model permissionModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	there, err := r.find(ctx, model.Name.ValueString())
	if err == nil && there != nil {
		_, err = r.client.Keys.DescribePermissions(ctx, latchkey.DescribePermissions{Remove: []string{model.Name.ValueString()}})
	}
	if err != nil {
		addError(&resp.Diagnostics, "The permission was not taken out of the catalogue", err)
	}
}

func (*permissionResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("name"), req, resp)
}
