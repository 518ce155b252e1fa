// Command terraform-provider-vaultlike is a secret store for the tests: its resource has a write-only argument, as the secret stores of
// others have, and writes it into a file.
package main

import (
	"context"
	"log"
	"os"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func main() {
	options := providerserver.ServeOpts{Address: "registry.terraform.io/latchkey-dev/vaultlike"}
	if err := providerserver.Serve(context.Background(), func() provider.Provider { return vault{} }, options); err != nil {
		log.Fatal(err)
	}
}

type vault struct{}

func (vault) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "vaultlike"
}
func (vault) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse)          {}
func (vault) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}
func (vault) DataSources(context.Context) []func() datasource.DataSource                        { return nil }
func (vault) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return secret{} }}
}

type secret struct{}

func (secret) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "vaultlike_secret"
}

func (secret) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"file":             schema.StringAttribute{Required: true},
		"value_wo":         schema.StringAttribute{Optional: true, WriteOnly: true},
		"value_wo_version": schema.Int64Attribute{Required: true},
	}}
}

func (secret) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	write(ctx, req.Config, func(message string) { resp.Diagnostics.AddError("Not written", message) })
	resp.State.Raw = req.Plan.Raw
}

func (secret) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	write(ctx, req.Config, func(message string) { resp.Diagnostics.AddError("Not written", message) })
	resp.State.Raw = req.Plan.Raw
}

func write(ctx context.Context, config tfsdk.Config, refuse func(string)) {
	var file, value types.String
	config.GetAttribute(ctx, path.Root("file"), &file)
	config.GetAttribute(ctx, path.Root("value_wo"), &value)
	if value.IsNull() {
		refuse("There is no value.")
		return
	}
	if err := os.WriteFile(file.ValueString(), []byte(value.ValueString()), 0o600); err != nil {
		refuse(err.Error())
	}
}

func (secret) Read(context.Context, resource.ReadRequest, *resource.ReadResponse)       {}
func (secret) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}
