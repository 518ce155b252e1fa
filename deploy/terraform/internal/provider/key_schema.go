package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func (*keyResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "latchkey_key"
}

func (*keyResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	keep := stringplanmodifier.UseStateForUnknown()
	replace := stringplanmodifier.RequiresReplace()
	resp.Schema = schema.Schema{
		Description: "A key that lasts. Its token is never in a plan or a state: ephemeral.latchkey_key_token hands it on. Takes the" +
			" permissions latchkey:keys:read and latchkey:keys:write, and all that the key may do.",
		Attributes: merge(versionAttributes("token", "stays valid; it ends at once if absent."), map[string]schema.Attribute{
			"id": schema.StringAttribute{Computed: true, Description: "Its id. No rotation changes it.",
				PlanModifiers: []planmodifier.String{keep}},
			"organization_id": schema.StringAttribute{Optional: true, Computed: true,
				Description:   "The organization that owns it, for good; that of the calling key if absent.",
				PlanModifiers: []planmodifier.String{keep, replace}},
			"name": schema.StringAttribute{Required: true, Description: "A name for people."},
			"permissions": schema.SetAttribute{Optional: true, ElementType: types.StringType,
				Description: "What it may do, such as `emails:send`; nothing if absent."},
			"expires_at": schema.StringAttribute{Optional: true, Description: "When it expires; never if absent.",
				Validators: []validator.String{instantValidator{}}},
			"not_before": schema.StringAttribute{Optional: true, Description: "From when on it is valid; at once if absent.",
				Validators: []validator.String{instantValidator{}}},
			"allowed_ips": schema.SetAttribute{Optional: true, ElementType: types.StringType,
				Description: "From where it may be used: addresses and networks; from anywhere if absent."},
			"metadata": schema.StringAttribute{Optional: true, Validators: []validator.String{metadataValidator{}},
				Description: "Your own data, which every verdict on it carries, as of jsonencode({})."},
			"description": schema.StringAttribute{Optional: true, Description: "What it is for."},
			"tags": schema.SetAttribute{Optional: true, ElementType: types.StringType,
				Description: "Words under which it is found."},
			"limits": limitsAttribute("How many units its calls may draw."),
			"prefix": schema.StringAttribute{Optional: true, Computed: true,
				Description:   "What its tokens begin with, for good, of the prefixes that the deployment allows; its first if absent.",
				PlanModifiers: []planmodifier.String{keep, replace}},
			"parent_id": schema.StringAttribute{Optional: true, Description: "The key of which it is a child, for good: it ends with it.",
				PlanModifiers: []planmodifier.String{replace}},
			"suspended": schema.BoolAttribute{Optional: true, Computed: true,
				Description:   "Whether it is suspended. If absent, Terraform leaves that to others: a key that somebody has suspended stays so.",
				PlanModifiers: []planmodifier.Bool{keepBool{}}},
			"hint":       schema.StringAttribute{Computed: true, Description: "The prefix and the kid of its token, which are not secret."},
			"created_at": createdAttribute(),
		}),
	}
}
