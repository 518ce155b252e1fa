package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// versionAttributes are what a resource has that makes a secret: the version that asks for a new one, the grace of the one before, and
// the claim.
func versionAttributes(secret, grace string) map[string]schema.Attribute {
	return map[string]schema.Attribute{
		secret + "_version": schema.Int64Attribute{Optional: true, Computed: true,
			Description: "Another number rotates the " + secret + ". Give the version of the write-only argument that takes the " + secret +
				" the same one. 1 if absent; that of an imported one is the first that is configured, and rotates nothing."},
		"rotation_grace_seconds": schema.Int64Attribute{Optional: true,
			Description: "For how long the " + secret + " before a rotation " + grace},
		secret + "_claim": schema.StringAttribute{Computed: true,
			Description: "What ephemeral.latchkey_" + ofSecret[secret] + " takes to have the " + secret + ". It is no secret."},
	}
}

var ofSecret = map[string]string{"token": "key_token", "secret": "webhook_secret"}

// planVersion says what a plan does to a secret. What rotates has outputs that are not known before.
func planVersion(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse, secret string, outputs ...string) {
	if req.Plan.Raw.IsNull() {
		return
	}
	version := path.Root(secret + "_version")
	var configured, known types.Int64
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, version, &configured)...)
	if configured.IsUnknown() || resp.Diagnostics.HasError() {
		return
	}
	if req.State.Raw.IsNull() {
		if configured.IsNull() {
			resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, version, types.Int64Value(1))...)
		}
		return
	}
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, version, &known)...)
	if configured.IsNull() {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, version, known)...)
	}
	for _, output := range append(outputs, secret+"_claim") {
		at := path.Root(output)
		if !configured.IsNull() && isRotation(known, configured) {
			resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, at, types.StringUnknown())...)
			continue
		}
		var before types.String
		resp.Diagnostics.Append(req.State.GetAttribute(ctx, at, &before)...)
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, at, before)...)
	}
}

// isRotation tells a new version from the first one of what was imported.
func isRotation(known, planned types.Int64) bool {
	return !known.IsNull() && !known.Equal(planned)
}

// versionOf is the version of what is created, if nobody planned one.
func versionOf(planned types.Int64) types.Int64 {
	if planned.IsNull() || planned.IsUnknown() {
		return types.Int64Value(1)
	}
	return planned
}

func merge(attributes ...map[string]schema.Attribute) map[string]schema.Attribute {
	merged := map[string]schema.Attribute{}
	for _, some := range attributes {
		for name, attribute := range some {
			merged[name] = attribute
		}
	}
	return merged
}
