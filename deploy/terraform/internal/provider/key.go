package provider

import (
	"context"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	latchkey "github.com/latchkey-dev/latchkey/clients/go"
)

// keyResource is a key that lasts. Its token is in no state: claims.go says how it is handed on.
type keyResource struct{ caller }

type keyModel struct {
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
	Prefix         types.String `tfsdk:"prefix"`
	ParentID       types.String `tfsdk:"parent_id"`
	Suspended      types.Bool   `tfsdk:"suspended"`
	TokenVersion   types.Int64  `tfsdk:"token_version"`
	GraceSeconds   types.Int64  `tfsdk:"rotation_grace_seconds"`
	TokenClaim     types.String `tfsdk:"token_claim"`
	Hint           types.String `tfsdk:"hint"`
	CreatedAt      types.String `tfsdk:"created_at"`
}

func (r *keyResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var model keyModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	metadata, _ := readMetadata(model.Metadata)
	input := latchkey.CreateKey{
		Name: model.Name.ValueString(), OrganizationID: model.OrganizationID.ValueString(), Permissions: model.Permissions,
		Tags: model.Tags, Prefix: model.Prefix.ValueString(), ParentID: model.ParentID.ValueString(), Metadata: metadata,
	}
	if len(model.Limits) > 0 {
		input.Limits = limitsFrom(model.Limits)
	}
	if model.AllowedIPs != nil {
		input.AllowedIPs = latchkey.Set(model.AllowedIPs)
	}
	if !model.ExpiresAt.IsNull() {
		input.ExpiresAt = instantFrom(model.ExpiresAt)
	}
	if !model.NotBefore.IsNull() {
		input.NotBefore = instantFrom(model.NotBefore)
	}
	if !model.Description.IsNull() {
		input.Description = nullableText(model.Description)
	}
	created, err := r.client.Keys.Create(ctx, input)
	if err != nil {
		addError(&resp.Diagnostics, "The key was not created", err)
		return
	}
	// Its first token is dropped here: only that of a rotation can be claimed.
	wanted := model.Suspended
	model.ID, model.OrganizationID = types.StringValue(created.ID), types.StringValue(created.OrganizationID)
	model.CreatedAt, model.Hint = instantOf(types.StringNull(), &created.CreatedAt), types.StringValue(created.Hint)
	model.Prefix, model.TokenVersion = prefixOf(created.Hint), versionOf(model.TokenVersion)
	model.Suspended, model.TokenClaim = types.BoolValue(false), types.StringNull()
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	revision, err := r.rotate(ctx, &model, created.Revision, types.Int64Value(0))
	if err != nil {
		addError(&resp.Diagnostics, "The key was created, but its token cannot be claimed", err)
		return
	}
	if wanted.ValueBool() {
		suspended, err := r.suspend(ctx, created.ID, true)
		if err != nil {
			addError(&resp.Diagnostics, "The key was created, but not suspended", err)
			return
		}
		revision, model.Suspended = suspended.Revision, wanted
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	rememberRevision(ctx, resp.Private, revision, &resp.Diagnostics)
}

// rotate makes a token that can be claimed, and says so in the model. It gives the revision of afterwards.
func (r *keyResource) rotate(ctx context.Context, model *keyModel, revision string, grace types.Int64) (string, error) {
	made, err := newClaim(model.ID.ValueString(), revision, grace)
	if err != nil {
		return "", err
	}
	rotated, err := made.rotateKey(ctx, r.client)
	if err != nil {
		return "", err
	}
	model.TokenClaim, model.Hint = made.text(), types.StringValue(rotated.Hint)
	return rotated.Revision, nil
}

func (r *keyResource) suspend(ctx context.Context, id string, isSuspended bool) (*latchkey.ChangedKey, error) {
	if isSuspended {
		return r.client.Keys.Suspend(ctx, id, latchkey.Suspend{Reason: "Terraform"}, latchkey.WithWait())
	}
	return r.client.Keys.Resume(ctx, id)
}

// prefixOf reads what a token begins with. The hint has it before the kid, which has no underscore.
func prefixOf(hint string) types.String {
	if end := strings.LastIndexByte(hint, '_'); end > 0 {
		return types.StringValue(hint[:end])
	}
	return types.StringNull()
}

func (r *keyResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var model keyModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	key, err := r.client.Keys.Get(ctx, model.ID.ValueString())
	// A revoked key never works again: Terraform plans another one.
	if isCode(err, "key_not_found") || (err == nil && key.RevokedAt != nil) {
		resp.State.RemoveResource(ctx)
		return
	}
	if err != nil {
		addError(&resp.Diagnostics, "The key cannot be read", err)
		return
	}
	if key.ExpiresAt != nil && key.Status == "expired" {
		resp.Diagnostics.AddWarning("The key "+key.Name+" has expired", "It expired at "+key.ExpiresAt.Format(time.RFC3339)+
			". Give it a later expires_at, or take it out of the configuration.")
	}
	model.read(key)
	resp.Diagnostics.Append(resp.State.Set(ctx, model)...)
	rememberRevision(ctx, resp.Private, key.Revision, &resp.Diagnostics)
}

// read takes over what the server says, and leaves the spelling of what is the same.
func (m *keyModel) read(key *latchkey.KeyDetails) {
	m.OrganizationID, m.Name = types.StringValue(key.OrganizationID), types.StringValue(key.Name)
	m.Permissions, m.Tags = setOf(m.Permissions, key.Permissions, nil), setOf(m.Tags, key.Tags, nil)
	m.ExpiresAt, m.NotBefore = instantOf(m.ExpiresAt, key.ExpiresAt), instantOf(m.NotBefore, key.NotBefore)
	m.AllowedIPs = setOf(m.AllowedIPs, key.AllowedIPs, spellNetwork)
	m.Metadata, m.Description = metadataOf(m.Metadata, key.Metadata), textOf(key.Description)
	m.Limits = limitsOf(m.Limits, plainOf(key.Limits))
	m.Prefix, m.ParentID = prefixOf(key.Hint), textOf(key.ParentID)
	m.Suspended, m.Hint = types.BoolValue(key.SuspendedAt != nil), types.StringValue(key.Hint)
	m.CreatedAt = instantOf(m.CreatedAt, &key.CreatedAt)
}

func (r *keyResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var model, before keyModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &before)...)
	condition := recallRevision(ctx, req.Private, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	id := model.ID.ValueString()
	changed, err := r.client.Keys.Update(ctx, id, model.changes(before), condition)
	if err != nil {
		keepState(ctx, req.State, &resp.State)
		addError(&resp.Diagnostics, "The key was not changed", err)
		return
	}
	revision := changed.Revision
	// Whatever fails from here on, the state has what was done, and the next plan the rest.
	done := model
	done.TokenVersion, done.TokenClaim, done.Hint, done.Suspended = before.TokenVersion, before.TokenClaim, before.Hint, before.Suspended
	if !model.Suspended.IsUnknown() && !model.Suspended.Equal(before.Suspended) {
		suspended, err := r.suspend(ctx, id, model.Suspended.ValueBool())
		if err != nil {
			addError(&resp.Diagnostics, "The key was changed, but suspended = "+model.Suspended.String()+" failed", err)
		} else {
			done.Suspended, revision = model.Suspended, suspended.Revision
		}
	}
	if !resp.Diagnostics.HasError() {
		if isRotation(before.TokenVersion, model.TokenVersion) {
			rotated, err := r.rotate(ctx, &done, revision, model.GraceSeconds)
			if err != nil {
				addError(&resp.Diagnostics, "The key was changed, but not rotated", err)
			} else {
				done.TokenVersion, revision = model.TokenVersion, rotated
			}
		} else {
			done.TokenVersion = model.TokenVersion
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, done)...)
	rememberRevision(ctx, resp.Private, revision, &resp.Diagnostics)
}

// changes are what differs: to set limits or metadata takes a permission of its own, and an expiry is judged anew when it is set.
func (m keyModel) changes(before keyModel) latchkey.UpdateKey {
	input := latchkey.UpdateKey{Name: latchkey.Ptr(m.Name.ValueString())}
	if !sameItems(m.Permissions, before.Permissions) {
		input.Permissions = latchkey.Set(listOf(m.Permissions))
	}
	if !sameItems(m.Tags, before.Tags) {
		input.Tags = latchkey.Set(listOf(m.Tags))
	}
	if !sameItems(m.AllowedIPs, before.AllowedIPs) {
		input.AllowedIPs = latchkey.Set(listOf(m.AllowedIPs))
	}
	if !m.ExpiresAt.Equal(before.ExpiresAt) {
		input.ExpiresAt = instantFrom(m.ExpiresAt)
	}
	if !m.NotBefore.Equal(before.NotBefore) {
		input.NotBefore = instantFrom(m.NotBefore)
	}
	if !m.Metadata.Equal(before.Metadata) {
		metadata, _ := readMetadata(m.Metadata)
		input.Metadata = latchkey.Set(metadata)
	}
	if !m.Description.Equal(before.Description) {
		input.Description = nullableText(m.Description)
	}
	if !sameLimits(m.Limits, before.Limits) {
		input.Limits = latchkey.Set(limitsFrom(m.Limits))
	}
	return input
}

func (r *keyResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var model keyModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// It is done when every process of the server refuses the key.
	_, err := r.client.Keys.Revoke(ctx, model.ID.ValueString(), latchkey.WithReason("no_longer_used"), latchkey.WithWait())
	if err != nil && !isCode(err, "key_not_found") {
		addError(&resp.Diagnostics, "The key was not revoked", err)
	}
}

func (*keyResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	planVersion(ctx, req, resp, "token", "hint")
}

func (*keyResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), req, resp)
}
