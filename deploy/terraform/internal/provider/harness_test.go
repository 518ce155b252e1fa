package provider

import (
	"context"
	"fmt"
	"maps"
	"math/big"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// core does what Terraform does between a configuration and the provider, over the protocol itself: so the tests need no Terraform. It
// holds the provider to the rules of the protocol: a plan keeps to the configuration, and a state to the plan.
type core struct {
	t      *testing.T
	server tfprotov6.ProviderServer
	schema *tfprotov6.GetProviderSchemaResponse
}

// object is a configuration: what is absent is null.
type object map[string]any

// unknown is a value that comes of what is not there yet.
var unknown = struct{ isUnknown bool }{true}

// instance is what Terraform keeps of a resource.
type instance struct {
	value   tftypes.Value
	private []byte
}

// planned is what a plan would do.
type planned struct {
	action  string
	value   tftypes.Value
	private []byte
}

func newCore(t *testing.T, url, token string) *core {
	t.Helper()
	made, err := providerserver.NewProtocol6WithError(New())()
	if err != nil {
		t.Fatal(err)
	}
	c := &core{t: t, server: made}
	c.schema, err = made.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	c.mustNot(err, c.schema.Diagnostics)
	problems := c.configure(object{"url": url, "token": token})
	c.mustNot(nil, problems)
	return c
}

func (c *core) configure(config object) []*tfprotov6.Diagnostic {
	c.t.Helper()
	typ := c.schema.Provider.ValueType()
	answer, err := c.server.ConfigureProvider(context.Background(),
		&tfprotov6.ConfigureProviderRequest{TerraformVersion: "1.11.4", Config: c.dynamic(typ, c.valueOf(typ, config))})
	c.mustNot(err, nil)
	return answer.Diagnostics
}

func (c *core) mustNot(err error, diagnostics []*tfprotov6.Diagnostic) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	if text := errorsOf(diagnostics); text != "" {
		c.t.Fatal(text)
	}
}

func errorsOf(diagnostics []*tfprotov6.Diagnostic) string {
	return textsOf(diagnostics, tfprotov6.DiagnosticSeverityError)
}

func textsOf(diagnostics []*tfprotov6.Diagnostic, severity tfprotov6.DiagnosticSeverity) string {
	var texts []string
	for _, one := range diagnostics {
		if one.Severity == severity {
			texts = append(texts, fmt.Sprintf("%s | %s | %s", one.Summary, one.Attribute, one.Detail))
		}
	}
	return strings.Join(texts, "\n")
}

func (c *core) valueOf(typ tftypes.Type, value any) tftypes.Value {
	c.t.Helper()
	if value == nil {
		return tftypes.NewValue(typ, nil)
	}
	if value == unknown {
		return tftypes.NewValue(typ, tftypes.UnknownValue)
	}
	switch of := typ.(type) {
	case tftypes.Object:
		fields := map[string]tftypes.Value{}
		for name, field := range of.AttributeTypes {
			fields[name] = c.valueOf(field, value.(object)[name])
		}
		for name := range value.(object) {
			if _, ok := of.AttributeTypes[name]; !ok {
				c.t.Fatalf("there is no attribute %s", name)
			}
		}
		return tftypes.NewValue(typ, fields)
	case tftypes.Set:
		return tftypes.NewValue(typ, c.itemsOf(of.ElementType, value))
	case tftypes.List:
		return tftypes.NewValue(typ, c.itemsOf(of.ElementType, value))
	}
	if number, ok := value.(int); ok {
		return tftypes.NewValue(typ, new(big.Float).SetInt64(int64(number)))
	}
	return tftypes.NewValue(typ, value)
}

func (c *core) itemsOf(typ tftypes.Type, value any) []tftypes.Value {
	items := []tftypes.Value{}
	switch list := value.(type) {
	case []string:
		for _, item := range list {
			items = append(items, c.valueOf(typ, item))
		}
	case []object:
		for _, item := range list {
			items = append(items, c.valueOf(typ, item))
		}
	default:
		c.t.Fatalf("not a list: %v", value)
	}
	return items
}

func (c *core) dynamic(typ tftypes.Type, value tftypes.Value) *tfprotov6.DynamicValue {
	c.t.Helper()
	made, err := tfprotov6.NewDynamicValue(typ, value)
	c.mustNot(err, nil)
	return &made
}

func (c *core) static(typ tftypes.Type, value *tfprotov6.DynamicValue) tftypes.Value {
	c.t.Helper()
	read, err := value.Unmarshal(typ)
	c.mustNot(err, nil)
	return read
}

func fieldsOf(value tftypes.Value) map[string]tftypes.Value {
	own := map[string]tftypes.Value{}
	if !value.IsNull() {
		_ = value.As(&own)
	}
	return maps.Clone(own)
}

// proposed is the configuration, with what the provider computed before for what is not configured.
func proposed(schema *tfprotov6.Schema, prior, config tftypes.Value) tftypes.Value {
	before, fields := fieldsOf(prior), fieldsOf(config)
	for _, attribute := range schema.Block.Attributes {
		if known, ok := before[attribute.Name]; ok && attribute.Computed && fields[attribute.Name].IsNull() {
			fields[attribute.Name] = known
		}
	}
	return tftypes.NewValue(config.Type(), fields)
}

func (c *core) plan(name string, prior *instance, config object) (planned, []*tfprotov6.Diagnostic) {
	c.t.Helper()
	schema := c.schema.ResourceSchemas[name]
	if schema == nil {
		c.t.Fatalf("there is no resource %s", name)
	}
	typ := schema.ValueType()
	configured := c.valueOf(typ, config)
	valid, err := c.server.ValidateResourceConfig(context.Background(),
		&tfprotov6.ValidateResourceConfigRequest{TypeName: name, Config: c.dynamic(typ, configured)})
	c.mustNot(err, nil)
	if errorsOf(valid.Diagnostics) != "" {
		return planned{}, valid.Diagnostics
	}
	before := tftypes.NewValue(typ, nil)
	request := &tfprotov6.PlanResourceChangeRequest{TypeName: name, Config: c.dynamic(typ, configured)}
	if prior != nil {
		before, request.PriorPrivate = prior.value, prior.private
	}
	request.PriorState, request.ProposedNewState = c.dynamic(typ, before), c.dynamic(typ, proposed(schema, before, configured))
	answer, err := c.server.PlanResourceChange(context.Background(), request)
	c.mustNot(err, nil)
	if errorsOf(answer.Diagnostics) != "" {
		return planned{}, answer.Diagnostics
	}
	value := c.static(typ, answer.PlannedState)
	c.keepsTo(name, "plan", configured, value, schema)
	switch {
	case prior == nil:
		return planned{"create", value, answer.PlannedPrivate}, nil
	case value.Equal(before):
		return planned{"nothing", value, answer.PlannedPrivate}, nil
	case len(answer.RequiresReplace) > 0:
		made, problems := c.plan(name, nil, config)
		made.action = "replace"
		return made, problems
	}
	return planned{"update", value, answer.PlannedPrivate}, nil
}

// keepsTo fails if what was said is not kept: a value of the configuration in the plan, or a known one of the plan in the state.
func (c *core) keepsTo(name, what string, said, kept tftypes.Value, schema *tfprotov6.Schema) {
	c.t.Helper()
	before, after := fieldsOf(said), fieldsOf(kept)
	for _, attribute := range schema.Block.Attributes {
		one, other := before[attribute.Name], after[attribute.Name]
		isFree := one.IsNull() && attribute.Computed && what == "plan"
		if isFree || !one.IsFullyKnown() || one.Equal(other) {
			continue
		}
		c.t.Fatalf("the %s of %s is inconsistent in %s: %s, and then %s", what, name, attribute.Name, one, other)
	}
	if what == "state" && !kept.IsFullyKnown() {
		c.t.Fatalf("the state of %s has what is not known: %s", name, kept)
	}
}

// apply plans and applies. Like Terraform it gives the state even if it fails.
func (c *core) apply(name string, prior *instance, config object) (*instance, []*tfprotov6.Diagnostic) {
	c.t.Helper()
	plan, problems := c.plan(name, prior, config)
	if errorsOf(problems) != "" || plan.action == "nothing" {
		return prior, problems
	}
	if plan.action == "replace" {
		c.destroy(name, prior)
		prior = nil
	}
	return c.applyPlan(name, prior, plan, config)
}

func (c *core) applyPlan(name string, prior *instance, plan planned, config object) (*instance, []*tfprotov6.Diagnostic) {
	c.t.Helper()
	schema := c.schema.ResourceSchemas[name]
	typ := schema.ValueType()
	before := tftypes.NewValue(typ, nil)
	if prior != nil {
		before = prior.value
	}
	answer, err := c.server.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: name, PriorState: c.dynamic(typ, before), PlannedState: c.dynamic(typ, plan.value),
		Config: c.dynamic(typ, c.valueOf(typ, config)), PlannedPrivate: plan.private,
	})
	c.mustNot(err, nil)
	state := c.static(typ, answer.NewState)
	if errorsOf(answer.Diagnostics) == "" {
		c.keepsTo(name, "state", plan.value, state, schema)
	}
	if state.IsNull() {
		return nil, answer.Diagnostics
	}
	return &instance{state, answer.Private}, answer.Diagnostics
}

// must applies what has to succeed.
func (c *core) must(name string, prior *instance, config object) *instance {
	c.t.Helper()
	made, problems := c.apply(name, prior, config)
	c.mustNot(nil, problems)
	return made
}

func (c *core) destroy(name string, prior *instance) []*tfprotov6.Diagnostic {
	c.t.Helper()
	typ := c.schema.ResourceSchemas[name].ValueType()
	nothing := c.dynamic(typ, tftypes.NewValue(typ, nil))
	answer, err := c.server.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: name, PriorState: c.dynamic(typ, prior.value), PlannedState: nothing, Config: nothing, PlannedPrivate: prior.private,
	})
	c.mustNot(err, answer.Diagnostics)
	if !c.static(typ, answer.NewState).IsNull() {
		c.t.Fatal("something is left")
	}
	return answer.Diagnostics
}

// refresh reads what is there; nil if that is gone.
func (c *core) refresh(name string, prior *instance) *instance {
	c.t.Helper()
	made, problems := c.read(name, prior)
	c.mustNot(nil, problems)
	return made
}

func (c *core) read(name string, prior *instance) (*instance, []*tfprotov6.Diagnostic) {
	c.t.Helper()
	typ := c.schema.ResourceSchemas[name].ValueType()
	answer, err := c.server.ReadResource(context.Background(),
		&tfprotov6.ReadResourceRequest{TypeName: name, CurrentState: c.dynamic(typ, prior.value), Private: prior.private})
	c.mustNot(err, nil)
	value := c.static(typ, answer.NewState)
	if value.IsNull() {
		return nil, answer.Diagnostics
	}
	return &instance{value, answer.Private}, answer.Diagnostics
}

func (c *core) importState(name, id string) *instance {
	c.t.Helper()
	answer, err := c.server.ImportResourceState(context.Background(), &tfprotov6.ImportResourceStateRequest{TypeName: name, ID: id})
	c.mustNot(err, answer.Diagnostics)
	typ := c.schema.ResourceSchemas[name].ValueType()
	return c.refresh(name, &instance{c.static(typ, answer.ImportedResources[0].State), answer.ImportedResources[0].Private})
}

// data reads a data source.
func (c *core) data(name string, config object) (tftypes.Value, []*tfprotov6.Diagnostic) {
	c.t.Helper()
	typ := c.schema.DataSourceSchemas[name].ValueType()
	answer, err := c.server.ReadDataSource(context.Background(),
		&tfprotov6.ReadDataSourceRequest{TypeName: name, Config: c.dynamic(typ, c.valueOf(typ, config))})
	c.mustNot(err, nil)
	return c.static(typ, answer.State), answer.Diagnostics
}

// open opens an ephemeral resource, and gives what closes it.
func (c *core) open(name string, config object) (tftypes.Value, func()) {
	c.t.Helper()
	typ := c.schema.EphemeralResourceSchemas[name].ValueType()
	answer, err := c.server.OpenEphemeralResource(context.Background(),
		&tfprotov6.OpenEphemeralResourceRequest{TypeName: name, Config: c.dynamic(typ, c.valueOf(typ, config))})
	c.mustNot(err, answer.Diagnostics)
	return c.static(typ, answer.Result), func() {
		closed, err := c.server.CloseEphemeralResource(context.Background(),
			&tfprotov6.CloseEphemeralResourceRequest{TypeName: name, Private: answer.Private})
		c.mustNot(err, closed.Diagnostics)
	}
}

// text reads an attribute as a text; "" for null.
func text(t *testing.T, value tftypes.Value, name string) string {
	t.Helper()
	var read string
	field, ok := fieldsOf(value)[name]
	if !ok {
		t.Fatalf("there is no attribute %s", name)
	}
	if field.IsNull() {
		return ""
	}
	if err := field.As(&read); err != nil {
		t.Fatal(err)
	}
	return read
}
