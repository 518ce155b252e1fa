package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"net/netip"
	"reflect"
	"sort"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	latchkey "github.com/latchkey-dev/latchkey/clients/go"
)

// The server answers in its own spelling: instants in UTC with milliseconds, networks in lower case, metadata in another order. What
// means the same as the configuration stays as that spells it, so that only true changes show in a plan.

// textOf is the server's text, null if it has none.
func textOf(text *string) types.String {
	return types.StringPointerValue(text)
}

// instantOf is the server's instant, in the spelling of before if it is the same one.
func instantOf(before types.String, at *time.Time) types.String {
	if at == nil {
		return types.StringNull()
	}
	if known, err := time.Parse(time.RFC3339, before.ValueString()); err == nil && known.Truncate(time.Millisecond).Equal(*at) {
		return before
	}
	return types.StringValue(at.UTC().Format(time.RFC3339Nano))
}

// setOf is the server's list, in the spelling of before if that has the same items. Nothing is null, unless it was empty before.
func setOf(before, now []string, spell func(string) string) []string {
	if len(now) == 0 {
		if before != nil {
			return []string{}
		}
		return nil
	}
	if reflect.DeepEqual(spelled(before, spell), spelled(now, spell)) {
		return before
	}
	return now
}

func spelled(items []string, spell func(string) string) []string {
	has := map[string]bool{}
	for _, item := range items {
		if spell != nil {
			item = spell(item)
		}
		has[item] = true
	}
	list := make([]string, 0, len(has))
	for item := range has {
		list = append(list, item)
	}
	sort.Strings(list)
	return list
}

// spellNetwork writes an address or a network in one way.
func spellNetwork(text string) string {
	if address, err := netip.ParseAddr(text); err == nil {
		return address.String()
	}
	if network, err := netip.ParsePrefix(text); err == nil {
		if network.IsSingleIP() {
			return network.Addr().String()
		}
		return network.Masked().String()
	}
	return text
}

// metadataOf is the server's metadata, in the spelling of before if it is the same.
func metadataOf(before types.String, metadata map[string]any) types.String {
	known, err := readMetadata(before)
	if err == nil && (reflect.DeepEqual(known, metadata) || len(known)+len(metadata) == 0) {
		return before
	}
	text, err := json.Marshal(metadata)
	if err != nil {
		return types.StringNull()
	}
	return types.StringValue(string(text))
}

// readMetadata reads the JSON of an attribute; null is no metadata.
func readMetadata(text types.String) (map[string]any, error) {
	metadata := map[string]any{}
	if text.IsNull() {
		return metadata, nil
	}
	decoder := json.NewDecoder(bytes.NewReader([]byte(text.ValueString())))
	return metadata, decoder.Decode(&metadata)
}

// instantFrom is a field of the API: null takes the value away.
func instantFrom(text types.String) *latchkey.Nullable[time.Time] {
	at, err := time.Parse(time.RFC3339, text.ValueString())
	if err != nil {
		return latchkey.Null[time.Time]()
	}
	return latchkey.Set(at)
}

func nullableText(text types.String) *latchkey.Nullable[string] {
	if text.IsNull() {
		return latchkey.Null[string]()
	}
	return latchkey.Set(text.ValueString())
}

func nullableNumber(number types.Int64) *latchkey.Nullable[int64] {
	if number.IsNull() {
		return latchkey.Null[int64]()
	}
	return latchkey.Set(number.ValueInt64())
}

// listOf writes an empty list for null.
func listOf(items []string) []string {
	if items == nil {
		return []string{}
	}
	return items
}

type instantValidator struct{}

func (instantValidator) Description(context.Context) string {
	return "an instant as of RFC 3339, such as 2027-01-31T00:00:00Z"
}

func (v instantValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v instantValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, err := time.Parse(time.RFC3339, req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.Append(diag.NewAttributeErrorDiagnostic(req.Path, "Invalid instant", "Must be "+v.Description(ctx)+"."))
	}
}

type metadataValidator struct{}

func (metadataValidator) Description(context.Context) string {
	return "a JSON object, as of jsonencode({})"
}

func (v metadataValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v metadataValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if metadata, err := readMetadata(req.ConfigValue); err != nil || metadata == nil {
		resp.Diagnostics.Append(diag.NewAttributeErrorDiagnostic(req.Path, "Invalid metadata", "Must be "+v.Description(ctx)+"."))
	}
}

// oneOf allows these texts alone.
type oneOf []string

func (o oneOf) Description(context.Context) string {
	text, _ := json.Marshal([]string(o))
	return "one of " + string(text)
}

func (o oneOf) MarkdownDescription(ctx context.Context) string { return o.Description(ctx) }

func (o oneOf) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	for _, allowed := range o {
		if req.ConfigValue.ValueString() == allowed {
			return
		}
	}
	resp.Diagnostics.Append(diag.NewAttributeErrorDiagnostic(req.Path, "Invalid value", "Must be "+o.Description(ctx)+"."))
}

// remember keeps the revision that Terraform has seen beside the state, so that a change that somebody else made meanwhile is never
// overwritten.
type rememberer interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

type recaller interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

const revisionKey = "revision"

func rememberRevision(ctx context.Context, private rememberer, revision string, diagnostics *diag.Diagnostics) {
	text, _ := json.Marshal(revision)
	diagnostics.Append(private.SetKey(ctx, revisionKey, text)...)
}

// recallRevision gives the condition of an edit: none if no revision is known.
func recallRevision(ctx context.Context, private recaller, diagnostics *diag.Diagnostics) latchkey.CallOption {
	text, found := private.GetKey(ctx, revisionKey)
	diagnostics.Append(found...)
	var revision string
	if len(text) == 0 || json.Unmarshal(text, &revision) != nil || revision == "" {
		return nil
	}
	return latchkey.WithIfRevision(revision)
}

func sameItems(one, other []string) bool {
	return reflect.DeepEqual(spelled(one, nil), spelled(other, nil))
}
