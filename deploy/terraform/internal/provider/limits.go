package provider

import (
	"fmt"
	"reflect"
	"sort"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	latchkey "github.com/latchkey-dev/latchkey/clients/go"
)

// never is a quota whose units do not come again: null on the wire, which in Terraform is the same as absent.
const never = "never"

type limitModel struct {
	Name          types.String `tfsdk:"name"`
	Limit         types.Int64  `tfsdk:"limit"`
	WindowSeconds types.Int64  `tfsdk:"window_seconds"`
	Burst         types.Int64  `tfsdk:"burst"`
	Resets        types.String `tfsdk:"resets"`
	Anchor        types.String `tfsdk:"anchor"`
	Overdraft     types.Int64  `tfsdk:"overdraft"`
	DefaultCost   types.Int64  `tfsdk:"default_cost"`
}

func limitsAttribute(description string) schema.ListNestedAttribute {
	return schema.ListNestedAttribute{
		Optional: true, Description: description,
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"name":  schema.StringAttribute{Required: true, Description: "The name of the limit."},
			"limit": schema.Int64Attribute{Required: true, Description: "How many units there are in each window, or in each period."},
			"window_seconds": schema.Int64Attribute{Optional: true,
				Description: "Makes it a rate: a bucket that gains `limit` units in so many seconds, evenly."},
			"burst": schema.Int64Attribute{Optional: true, Description: "How many units the bucket of a rate holds; `limit` if absent."},
			"resets": schema.StringAttribute{Optional: true,
				Description: "Makes it a quota: `limit` units for each hourly, daily, weekly or monthly period by UTC, or once if `never`.",
				Validators:  []validator.String{oneOf{"hourly", "daily", "weekly", "monthly", never}}},
			"anchor": schema.StringAttribute{Optional: true, Validators: []validator.String{instantValidator{}},
				Description: "Of a weekly or monthly quota: an instant at which a period begins."},
			"overdraft": schema.Int64Attribute{Optional: true,
				Description: "How far a settlement may draw a quota below zero; as far as it must if absent."},
			"default_cost": schema.Int64Attribute{Optional: true, Description: "How many units a call draws that names no cost; 1 if absent."},
		}},
	}
}

// limitsFrom writes limits as the API takes them. It is never nil: an empty list takes them away.
func limitsFrom(models []limitModel) []latchkey.Limit {
	limits := make([]latchkey.Limit, len(models))
	for i, model := range models {
		limit := latchkey.Limit{
			Name: model.Name.ValueString(), Limit: model.Limit.ValueInt64(),
			WindowSeconds: model.WindowSeconds.ValueInt64Pointer(), DefaultCost: model.DefaultCost.ValueInt64Pointer(),
		}
		if !model.Burst.IsNull() {
			limit.Burst = latchkey.Set(model.Burst.ValueInt64())
		}
		if !model.Overdraft.IsNull() {
			limit.Overdraft = latchkey.Set(model.Overdraft.ValueInt64())
		}
		if !model.Anchor.IsNull() {
			limit.Anchor = instantFrom(model.Anchor)
		}
		if resets := model.Resets.ValueString(); resets == never {
			limit.Resets = latchkey.Null[string]()
		} else if resets != "" {
			limit.Resets = latchkey.Set(resets)
		}
		limits[i] = limit
	}
	return limits
}

// plainOf is what a limit is, without what is left of it.
func plainOf(states []latchkey.LimitState) []latchkey.PlainLimit {
	plain := make([]latchkey.PlainLimit, len(states))
	for i, state := range states {
		plain[i] = latchkey.PlainLimit{
			Name: state.Name, Limit: state.Limit, WindowSeconds: state.WindowSeconds, Burst: state.Burst, Resets: state.Resets,
			Anchor: state.Anchor, Overdraft: state.Overdraft, DefaultCost: state.DefaultCost,
		}
	}
	return plain
}

// limitsOf is the server's list of limits, in the spelling and the order of before if they are the same.
func limitsOf(before []limitModel, now []latchkey.PlainLimit) []limitModel {
	if len(now) == 0 {
		if before != nil {
			return []limitModel{}
		}
		return nil
	}
	models := make([]limitModel, len(now))
	for i, limit := range now {
		models[i] = limitOf(limit)
	}
	if sameLimits(before, models) {
		return before
	}
	return models
}

// limitOf leaves out what is so by default.
func limitOf(limit latchkey.PlainLimit) limitModel {
	model := limitModel{
		Name: types.StringValue(limit.Name), Limit: types.Int64Value(limit.Limit),
		WindowSeconds: types.Int64PointerValue(limit.WindowSeconds), Overdraft: types.Int64PointerValue(limit.Overdraft),
		Anchor: instantOf(types.StringNull(), limit.Anchor), Resets: textOf(limit.Resets),
	}
	if limit.WindowSeconds == nil && limit.Resets == nil {
		model.Resets = types.StringValue(never)
	}
	if limit.Burst != nil && *limit.Burst != limit.Limit {
		model.Burst = types.Int64Value(*limit.Burst)
	}
	if limit.DefaultCost != 1 {
		model.DefaultCost = types.Int64Value(limit.DefaultCost)
	}
	return model
}

// spelledLimits writes each limit in one way, in one order.
func spelledLimits(models []limitModel) []string {
	texts := make([]string, len(models))
	for i, model := range models {
		burst, cost, anchor := model.Burst, model.DefaultCost, model.Anchor.ValueString()
		if burst.IsNull() && !model.WindowSeconds.IsNull() {
			burst = model.Limit
		}
		if cost.IsNull() {
			cost = types.Int64Value(1)
		}
		if at, err := time.Parse(time.RFC3339, anchor); err == nil {
			anchor = at.UTC().Format(time.RFC3339Nano)
		}
		texts[i] = fmt.Sprint(model.Name, model.Limit, model.WindowSeconds, burst, model.Resets, anchor, model.Overdraft, cost)
	}
	sort.Strings(texts)
	return texts
}

func sameLimits(one, other []limitModel) bool {
	return reflect.DeepEqual(spelledLimits(one), spelledLimits(other))
}
