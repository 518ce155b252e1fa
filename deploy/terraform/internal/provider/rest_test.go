package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	latchkey "github.com/latchkey-dev/latchkey/clients/go"
)

func TestOrganizationsArePlannedLimitedAndSuspended(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	plan := c.must("latchkey_plan", nil, object{"name": "gold"})
	config := object{"id": "acme", "name": "Acme", "plan": "gold", "limits": []object{{"name": "calls", "limit": 9, "resets": "daily"}}}
	made := stays(t, c, "latchkey_organization", c.must("latchkey_organization", nil, config), config)
	key := newKey(t, latchkey.CreateKey{Name: "Its", OrganizationID: "acme"})

	less := object{"id": "acme", "name": "Acme Ltd"}
	made = stays(t, c, "latchkey_organization", c.must("latchkey_organization", made, less), less)
	organization, err := direct.Organizations.Get(withTimeout(t), "acme")
	c.mustNot(err, nil)
	if organization.Name != "Acme Ltd" || organization.Plan != nil || len(organization.Limits) != 0 {
		t.Fatalf("%+v", organization)
	}
	c.destroy("latchkey_plan", plan)

	// Suspended in an incident, it stays so until the configuration says otherwise.
	_, err = direct.Organizations.Suspend(withTimeout(t), "acme", latchkey.Suspend{})
	c.mustNot(err, nil)
	made = stays(t, c, "latchkey_organization", made, less)
	plan = c.must("latchkey_plan", nil, object{"name": "gold"})
	made = c.must("latchkey_organization", made, with(less, object{"suspended": false, "plan": "gold"}))
	if codeOf(t, key.Key) != "valid" {
		t.Fatal("not resumed")
	}
	if said := textsOf(c.destroy("latchkey_organization", made), tfprotov6.DiagnosticSeverityWarning); !strings.Contains(said, "suspended, not deleted") {
		t.Fatal(said)
	}
	if codeOf(t, key.Key) != "suspended" {
		t.Fatal("its keys go on")
	}
	c.destroy("latchkey_plan", plan) // Nobody is on it any more.

	_, problems := c.apply("latchkey_organization", nil, less)
	if said := errorsOf(problems); !strings.Contains(said, "organization_exists") || !strings.Contains(said, "import") {
		t.Fatal(said)
	}
	imported := c.importState("latchkey_organization", "acme")
	kept := c.must("latchkey_organization", imported, with(less, object{"suspended": false, "on_destroy": "keep"}))
	c.destroy("latchkey_organization", kept)
	if codeOf(t, key.Key) != "valid" {
		t.Fatal("on_destroy = keep has suspended it")
	}
	made = c.must("latchkey_organization", nil, object{"name": "Of no id", "suspended": true})
	if c.refresh("latchkey_organization", made) == nil || len(text(t, made.value, "id")) != 36 {
		t.Fatal(made.value)
	}
}

func TestPlansBoundPermissions(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	config := object{"name": "bounded", "permissions": []string{"b:*", "a:*"},
		"limits":     []object{{"name": "calls", "limit": 9, "window_seconds": 60, "burst": 20}},
		"key_limits": []object{{"name": "calls", "limit": 3, "window_seconds": 60, "burst": 3}}}
	made := stays(t, c, "latchkey_plan", c.must("latchkey_plan", nil, config), config)
	for _, permissions := range []any{[]string{}, nil, []string{"a:*"}} {
		next := object{"name": "bounded", "permissions": permissions}
		made = stays(t, c, "latchkey_plan", c.must("latchkey_plan", made, next), next)
		plan, err := direct.Plans.Get(withTimeout(t), "bounded")
		c.mustNot(err, nil)
		if (plan.Permissions == nil) != (permissions == nil) || len(plan.Limits)+len(plan.KeyLimits) != 0 {
			t.Fatalf("%+v", plan)
		}
	}
	_, err := direct.Organizations.Create(withTimeout(t), latchkey.CreateOrganization{ID: "on-it", Name: "On it", Plan: latchkey.Set("bounded")})
	c.mustNot(err, nil)
	plan, problems := c.plan("latchkey_plan", made, object{"name": "renamed"})
	c.mustNot(nil, problems)
	if plan.action != "replace" {
		t.Fatal(plan.action)
	}
	read, problems := c.data("latchkey_plan", object{"name": "bounded"})
	c.mustNot(nil, problems)
	if !strings.Contains(read.String(), "a:*") {
		t.Fatal(read)
	}
	imported := c.importState("latchkey_plan", "bounded")
	stays(t, c, "latchkey_plan", imported, object{"name": "bounded", "permissions": []string{"a:*"}})
}

func TestPoliciesReplaceNoneThatTerraformDidNotSet(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	_, err := direct.Organizations.Create(withTimeout(t), latchkey.CreateOrganization{ID: "ruled", Name: "Ruled"})
	c.mustNot(err, nil)
	for _, organization := range []any{"ruled", nil} {
		config := object{"organization_id": organization, "max_keys": 500, "permissions": []string{"*", "latchkey:*"}, "prefixes": []string{"re"}}
		made := stays(t, c, "latchkey_policy", c.must("latchkey_policy", nil, config), config)
		_, problems := c.apply("latchkey_policy", nil, config)
		if said := errorsOf(problems); !strings.Contains(said, "already") {
			t.Fatal(said)
		}
		id := deployment
		if organization != nil {
			id = organization.(string)
		}
		stays(t, c, "latchkey_policy", c.importState("latchkey_policy", id), config)
		next := object{"organization_id": organization, "max_lifetime_seconds": 31536000, "require_expiry": true, "require_allowed_ips": false}
		made = stays(t, c, "latchkey_policy", c.must("latchkey_policy", made, next), next)
		c.destroy("latchkey_policy", made)
		made = c.must("latchkey_policy", nil, config)
		c.destroy("latchkey_policy", made)
	}
	policy, err := direct.Policies.Get(withTimeout(t))
	c.mustNot(err, nil)
	if hasRules(policy) {
		t.Fatalf("%+v", policy)
	}
}

func TestPermissionsAreDescribed(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	config := object{"name": "emails:send", "description": "Send mail.", "group": "Mail"}
	made := stays(t, c, "latchkey_permission", c.must("latchkey_permission", nil, config), config)
	_, problems := c.apply("latchkey_permission", nil, config)
	if said := errorsOf(problems); !strings.Contains(said, "already") {
		t.Fatal(said)
	}
	plan, problems := c.plan("latchkey_permission", made, with(config, object{"name": "emails:read"}))
	c.mustNot(nil, problems)
	if plan.action != "replace" {
		t.Fatal(plan.action)
	}
	_, err := direct.Keys.DescribePermissions(withTimeout(t), latchkey.DescribePermissions{
		Permissions: []latchkey.DescribedPermission{{Name: "emails:send", Description: latchkey.Set("Drifted.")}},
	})
	c.mustNot(err, nil)
	plan, problems = c.plan("latchkey_permission", c.refresh("latchkey_permission", made), config)
	c.mustNot(nil, problems)
	if plan.action != "update" {
		t.Fatal(plan.action)
	}
	less := object{"name": "emails:send"}
	made = stays(t, c, "latchkey_permission", c.must("latchkey_permission", made, less), less)
	stays(t, c, "latchkey_permission", c.importState("latchkey_permission", "emails:send"), less)
	c.destroy("latchkey_permission", made)
	if c.refresh("latchkey_permission", made) != nil {
		t.Fatal("it is there still")
	}
	c.destroy("latchkey_permission", made)
}

func TestDataSourcesTellOfWhatIsThereWithoutItsToken(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	key := newKey(t, latchkey.CreateKey{Name: "Read", Permissions: []string{"a:b"}, Metadata: map[string]any{"n": 1}})
	read, problems := c.data("latchkey_key", object{"id": key.ID})
	c.mustNot(nil, problems)
	if text(t, read, "status") != "active" || text(t, read, "metadata") != `{"n":1}` || text(t, read, "hint") != key.Hint {
		t.Fatal(read)
	}
	mustNotHold(t, read.String(), secretOf(key.Hint, key.Key))
	root, problems := c.data("latchkey_organization", object{"id": "root"})
	c.mustNot(nil, problems)
	if text(t, root, "name") == "" {
		t.Fatal(root)
	}
	for name, config := range map[string]object{
		"latchkey_key": {"id": "00000000-0000-7000-8000-000000000000"}, "latchkey_organization": {"id": "nobody"}, "latchkey_plan": {"name": "none"},
	} {
		_, problems := c.data(name, config)
		if said := errorsOf(problems); !strings.Contains(said, "not_found") {
			t.Fatal(name, said)
		}
	}
}

func TestAKeyThatMayOnlyReadIsEnoughToPlan(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	configs := map[string]object{
		"latchkey_organization": {"id": "only-read", "name": "Read"}, "latchkey_plan": {"name": "only_read"},
		"latchkey_policy": {"organization_id": "only-read", "max_keys": 5}, "latchkey_permission": {"name": "only:read"},
		"latchkey_key": {"name": "Read"}, "latchkey_webhook": {"url": "https://example.com/x", "events": []string{"*"}},
	}
	made := map[string]*instance{"latchkey_organization": c.must("latchkey_organization", nil, configs["latchkey_organization"])}
	for name, config := range configs {
		if made[name] == nil {
			made[name] = c.must(name, nil, config)
		}
	}
	permissions := []string{"latchkey:keys:read", "latchkey:organizations:read", "latchkey:webhooks:read"}
	reader := newCore(t, serverURL, newKey(t, latchkey.CreateKey{Name: "Reader", Permissions: permissions}).Key)
	for name, config := range configs {
		stays(t, reader, name, made[name], config)
	}
	reader.open("latchkey_key_token", object{"claim": text(t, made["latchkey_key"].value, "token_claim")})
	reader.open("latchkey_webhook_secret", object{"claim": text(t, made["latchkey_webhook"].value, "secret_claim")})
	if _, problems := reader.apply("latchkey_key", made["latchkey_key"], object{"name": "Written"}); errorsOf(problems) == "" {
		t.Fatal("it writes")
	}
	for _, name := range []string{"latchkey_webhook", "latchkey_key", "latchkey_permission", "latchkey_policy", "latchkey_plan", "latchkey_organization"} {
		c.destroy(name, made[name])
	}
}

func TestTheProviderSaysWhatIsWrongWithItsConfiguration(t *testing.T) {
	t.Setenv("LATCHKEY_URL", "")
	t.Setenv("LATCHKEY_KEY", "")
	c := newCore(t, serverURL, rootToken)
	for _, one := range []struct {
		config object
		says   string
	}{
		{object{}, "LATCHKEY_URL"},
		{object{"url": serverURL}, "LATCHKEY_KEY"},
		{object{"url": unknown, "token": rootToken}, "not known yet"},
		{object{"url": "keys.example.com", "token": rootToken}, "http"},
		{object{"url": serverURL, "token": rootToken[:40]}, "malformed"},
		{object{"url": serverURL, "token": rootToken, "timeout_seconds": 0}, "more than 0"},
	} {
		said := errorsOf(c.configure(one.config))
		if !strings.Contains(said, one.says) || strings.Contains(said, rootToken[:40]) {
			t.Errorf("%v: %s", one.says, said)
		}
	}
	t.Setenv("LATCHKEY_URL", serverURL)
	t.Setenv("LATCHKEY_KEY", rootToken)
	c.mustNot(nil, c.configure(object{}))
}

func TestWhatFailsOnTheWaySaysWhyAndNoToken(t *testing.T) {
	key := newKey(t, latchkey.CreateKey{Name: "Powerless"})
	for _, one := range []struct{ url, token, says string }{
		{"http://127.0.0.1:1", rootToken, "refused"},
		{serverURL, key.Key, "missing_permission"},
	} {
		c := newCore(t, one.url, one.token)
		c.mustNot(nil, c.configure(object{"url": one.url, "token": one.token, "timeout_seconds": 5}))
		_, problems := c.apply("latchkey_key", nil, object{"name": "A"})
		said := errorsOf(problems)
		if !strings.Contains(said, one.says) || !strings.Contains(said, "Code: ") {
			t.Error(said)
		}
		mustNotHold(t, said, secretOf(key.Hint, one.token))
	}
}

func TestEveryAttributeIsDescribedAndSecretsAreSensitive(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	var check func(where string, attributes []*tfprotov6.SchemaAttribute)
	check = func(where string, attributes []*tfprotov6.SchemaAttribute) {
		for _, attribute := range attributes {
			name := where + "." + attribute.Name
			if attribute.Description == "" {
				t.Error(name, "has no description")
			}
			if (attribute.Name == "token" || attribute.Name == "secret") != attribute.Sensitive {
				t.Error(name, "sensitive:", attribute.Sensitive)
			}
			if attribute.NestedType != nil {
				check(name, attribute.NestedType.Attributes)
			}
		}
	}
	check("provider", c.schema.Provider.Block.Attributes)
	for kind, schemas := range map[string]map[string]*tfprotov6.Schema{
		"resource": c.schema.ResourceSchemas, "data": c.schema.DataSourceSchemas, "ephemeral": c.schema.EphemeralResourceSchemas,
	} {
		for name, schema := range schemas {
			check(fmt.Sprint(kind, ".", name), schema.Block.Attributes)
			// What stands in a state must have no secret at all.
			for _, attribute := range schema.Block.Attributes {
				if kind != "ephemeral" && attribute.Sensitive {
					t.Error(name, attribute.Name)
				}
			}
		}
	}
}
