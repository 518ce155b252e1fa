// Package provider has the resources, data sources and ephemeral resources that Terraform knows by the name of latchkey.
package provider

import (
	"context"
	"os"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	latchkey "github.com/latchkey-dev/latchkey/clients/go"
)

type latchkeyProvider struct{}

type providerModel struct {
	URL            types.String `tfsdk:"url"`
	Token          types.String `tfsdk:"token"`
	TimeoutSeconds types.Int64  `tfsdk:"timeout_seconds"`
}

// New makes the provider.
func New() provider.Provider {
	return &latchkeyProvider{}
}

func (*latchkeyProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "latchkey"
	resp.Version = latchkey.Version
}

func (*latchkeyProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		Description: "Organizations, keys, plans, policies, permissions and webhooks of a Latchkey server.",
		Attributes: map[string]schema.Attribute{
			"url": schema.StringAttribute{
				Optional:    true,
				Description: "The address of the server, such as https://keys.example.com; LATCHKEY_URL if absent.",
			},
			"token": schema.StringAttribute{
				Optional: true, Sensitive: true,
				Description: "The token of the calling key; LATCHKEY_KEY if absent, which keeps it out of the configuration.",
			},
			"timeout_seconds": schema.Int64Attribute{
				Optional:    true,
				Description: "How long a call may take in all, with its repetitions; 30 if absent.",
			},
		},
	}
}

func (*latchkeyProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	url := settingOf(&resp.Diagnostics, "url", config.URL, "LATCHKEY_URL")
	token := settingOf(&resp.Diagnostics, "token", config.Token, "LATCHKEY_KEY")
	timeout := 30 * time.Second
	if !config.TimeoutSeconds.IsNull() {
		timeout = time.Duration(config.TimeoutSeconds.ValueInt64()) * time.Second
		if config.TimeoutSeconds.IsUnknown() || timeout <= 0 {
			resp.Diagnostics.AddAttributeError(path.Root("timeout_seconds"), "Invalid timeout", "Must be known, and more than 0.")
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	client, err := latchkey.New(latchkey.Options{URL: url, Token: token, Timeout: timeout})
	if err != nil {
		addError(&resp.Diagnostics, "The provider cannot be configured", err)
		return
	}
	resp.ResourceData, resp.DataSourceData, resp.EphemeralResourceData = client, client, client
}

// settingOf reads a setting from the configuration, or else from the environment.
func settingOf(diagnostics *diag.Diagnostics, name string, configured types.String, variable string) string {
	if configured.IsUnknown() {
		diagnostics.AddAttributeError(path.Root(name), "The "+name+" is not known yet",
			"It comes of a resource that is not there yet. Apply that one first (-target), or set "+variable+".")
		return ""
	}
	value := configured.ValueString()
	if configured.IsNull() {
		value = os.Getenv(variable)
	}
	if value == "" {
		diagnostics.AddAttributeError(path.Root(name), "The "+name+" is missing", "Set "+variable+" in the environment of Terraform.")
	}
	return value
}

func (*latchkeyProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource { return &organizationResource{} },
		func() resource.Resource { return &keyResource{} },
		func() resource.Resource { return &planResource{} },
		func() resource.Resource { return &policyResource{} },
		func() resource.Resource { return &permissionResource{} },
		func() resource.Resource { return &webhookResource{} },
	}
}

func (*latchkeyProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		func() datasource.DataSource { return &organizationData{} },
		func() datasource.DataSource { return &keyData{} },
		func() datasource.DataSource { return &planData{} },
	}
}

func (*latchkeyProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{
		func() ephemeral.EphemeralResource { return &temporaryKey{} },
		func() ephemeral.EphemeralResource { return newKeyToken() },
		func() ephemeral.EphemeralResource { return newWebhookSecret() },
	}
}

// caller is what every resource has: the client of the provider.
type caller struct{ client *latchkey.Client }

func (c *caller) take(data any) {
	// Terraform validates before it configures: then there is none yet.
	if client, ok := data.(*latchkey.Client); ok {
		c.client = client
	}
}

func (c *caller) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	c.take(req.ProviderData)
}
