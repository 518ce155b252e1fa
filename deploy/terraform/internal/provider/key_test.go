package provider

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	latchkey "github.com/latchkey-dev/latchkey/clients/go"
)

var full = object{
	"name": "CI", "permissions": []string{"emails:send", "emails:read"}, "expires_at": "2031-01-31T02:00:00+02:00",
	"not_before": "2026-01-01T00:00:00Z", "allowed_ips": []string{"2001:DB8::/32", "10.0.0.0/8"}, "metadata": `{ "tier": "gold", "n": 1.50 }`,
	"description": "Sends.", "tags": []string{"z", "a"}, "limits": []object{
		{"name": "calls", "limit": 100, "window_seconds": 60},
		{"name": "credits", "limit": 5000, "resets": "never", "overdraft": 10},
		{"name": "mails", "limit": 50, "resets": "monthly", "anchor": "2026-01-15T00:00:00Z", "default_cost": 2},
	},
}

func with(config object, changes object) object {
	made := object{}
	for _, from := range []object{config, changes} {
		for name, value := range from {
			made[name] = value
		}
	}
	return made
}

// stays fails unless a plan of what is there and was read again plans nothing.
func stays(t *testing.T, c *core, name string, prior *instance, config object) *instance {
	t.Helper()
	read := c.refresh(name, prior)
	plan, problems := c.plan(name, read, config)
	c.mustNot(nil, problems)
	if plan.action != "nothing" {
		t.Fatalf("plans %s: %s\nof %s", plan.action, plan.value, read.value)
	}
	return read
}

func TestAKeyIsCreatedReadAndChangedInPlace(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	made := c.must("latchkey_key", nil, full)
	id := text(t, made.value, "id")
	made = stays(t, c, "latchkey_key", made, full)
	key, err := direct.Keys.Get(withTimeout(t), id)
	c.mustNot(err, nil)
	if key.Name != "CI" || len(key.Permissions) != 2 || len(key.Limits) != 3 || key.Metadata["tier"] != "gold" ||
		!strings.HasPrefix(key.Hint, text(t, made.value, "prefix")+"_") || text(t, made.value, "hint") != key.Hint {
		t.Fatalf("%+v", key)
	}

	less := object{"name": "Build", "permissions": []string{"emails:send"}, "tags": []string{}}
	plan, problems := c.plan("latchkey_key", made, less)
	c.mustNot(nil, problems)
	if plan.action != "update" || text(t, plan.value, "hint") != key.Hint {
		t.Fatal(plan.action, plan.value)
	}
	made = c.must("latchkey_key", made, less)
	made = stays(t, c, "latchkey_key", made, less)
	changed, err := direct.Keys.Get(withTimeout(t), id)
	c.mustNot(err, nil)
	if changed.Name != "Build" || len(changed.Permissions) != 1 || changed.ExpiresAt != nil || changed.NotBefore != nil ||
		len(changed.AllowedIPs) != 0 || len(changed.Metadata) != 0 || changed.Description != nil || len(changed.Tags) != 0 ||
		len(changed.Limits) != 0 || changed.Hint != key.Hint {
		t.Fatalf("%+v", changed)
	}

	c.destroy("latchkey_key", made)
	gone, err := direct.Keys.Get(withTimeout(t), id)
	c.mustNot(err, nil)
	if gone.Status != "revoked" || *gone.RevocationReason != "no_longer_used" {
		t.Fatalf("%+v", gone)
	}
	c.destroy("latchkey_key", made) // Once more is no error.
}

func TestWhatAKeyIsForGoodMakesAnotherKey(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	organization := c.must("latchkey_organization", nil, object{"id": "for-good", "name": "For good"})
	config := object{"name": "A", "organization_id": "for-good"}
	made := c.must("latchkey_key", nil, config)
	parent := newKey(t, latchkey.CreateKey{Name: "Parent", OrganizationID: "for-good"})
	for name, value := range map[string]string{"organization_id": "root", "prefix": "other", "parent_id": parent.ID} {
		plan, problems := c.plan("latchkey_key", made, with(config, object{name: value}))
		c.mustNot(nil, problems)
		if plan.action != "replace" {
			t.Fatal(name, plan.action)
		}
	}
	child := c.must("latchkey_key", made, with(config, object{"parent_id": parent.ID}))
	if text(t, child.value, "id") == text(t, made.value, "id") || c.refresh("latchkey_key", made) != nil {
		t.Fatal("the key before was not revoked")
	}
	c.destroy("latchkey_organization", organization)
}

func TestARevokedKeyIsPlannedAnew(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	made := c.must("latchkey_key", nil, object{"name": "Leaked"})
	_, err := direct.Keys.Revoke(withTimeout(t), text(t, made.value, "id"), latchkey.WithReason("compromised"))
	c.mustNot(err, nil)
	if c.refresh("latchkey_key", made) != nil {
		t.Fatal("a revoked key stays in the state")
	}
}

func TestADriftIsFoundAndUndone(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	config := object{"name": "Drift", "permissions": []string{"a:b"}, "limits": []object{{"name": "n", "limit": 5, "window_seconds": 9}}}
	made := c.must("latchkey_key", nil, config)
	limits := latchkey.Set([]latchkey.Limit{{Name: "n", Limit: 6, WindowSeconds: latchkey.Ptr(int64(9))}})
	_, err := direct.Keys.Update(withTimeout(t), text(t, made.value, "id"),
		latchkey.UpdateKey{Permissions: latchkey.Set([]string{"a:b", "c:d"}), Limits: limits})
	c.mustNot(err, nil)
	read := c.refresh("latchkey_key", made)
	plan, problems := c.plan("latchkey_key", read, config)
	c.mustNot(nil, problems)
	if plan.action != "update" {
		t.Fatal(plan.action)
	}
	stays(t, c, "latchkey_key", c.must("latchkey_key", read, config), config)
	key, err := direct.Keys.Get(withTimeout(t), text(t, made.value, "id"))
	c.mustNot(err, nil)
	if fmt.Sprint(key.Permissions) != "[a:b]" || key.Limits[0].Limit != 5 {
		t.Fatalf("%+v", key)
	}
}

func TestWhatSomebodyChangedAfterThePlanIsNotOverwritten(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	made := c.must("latchkey_key", nil, object{"name": "Planned"})
	config := object{"name": "Changed"}
	plan, problems := c.plan("latchkey_key", made, config)
	c.mustNot(nil, problems)
	id := text(t, made.value, "id")
	_, err := direct.Keys.Update(withTimeout(t), id, latchkey.UpdateKey{Name: latchkey.Ptr("By hand")})
	c.mustNot(err, nil)
	left, problems := c.applyPlan("latchkey_key", made, plan, config)
	if said := errorsOf(problems); !strings.Contains(said, "precondition_failed") || !strings.Contains(said, "Plan again") {
		t.Fatal(said)
	}
	if !left.value.Equal(made.value) {
		t.Fatal("the state says what was not done")
	}
	key, err := direct.Keys.Get(withTimeout(t), id)
	c.mustNot(err, nil)
	if key.Name != "By hand" {
		t.Fatal(key.Name)
	}
}

func TestASuspendedKeyIsNotResumedUnasked(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	config := object{"name": "Suspended"}
	made := c.must("latchkey_key", nil, config)
	id := text(t, made.value, "id")
	_, err := direct.Keys.Suspend(withTimeout(t), id, latchkey.Suspend{Reason: "An incident."})
	c.mustNot(err, nil)
	made = stays(t, c, "latchkey_key", made, config)
	made = c.must("latchkey_key", made, with(config, object{"name": "Renamed"}))
	statusIs := func(status string) {
		t.Helper()
		key, err := direct.Keys.Get(withTimeout(t), id)
		c.mustNot(err, nil)
		if key.Status != status {
			t.Fatal(key.Status)
		}
	}
	statusIs("suspended")
	made = c.must("latchkey_key", c.refresh("latchkey_key", made), with(config, object{"suspended": false}))
	statusIs("active")
	c.must("latchkey_key", made, with(config, object{"suspended": true}))
	statusIs("suspended")
}

func TestAnExpiredKeyIsWarnedOf(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	made := c.must("latchkey_key", nil, object{"name": "Old", "expires_at": time.Now().Add(time.Second).Format(time.RFC3339Nano)})
	for ctx := withTimeout(t); ctx.Err() == nil; time.Sleep(50 * time.Millisecond) {
		read, problems := c.read("latchkey_key", made)
		if read == nil {
			t.Fatal("it is gone from the state")
		}
		if strings.Contains(textsOf(problems, tfprotov6.DiagnosticSeverityWarning), "has expired") {
			return
		}
	}
	t.Fatal("nobody says that it has expired")
}

func TestAKeyIsImportedWithoutARotation(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	there := newKey(t, latchkey.CreateKey{Name: "There", Permissions: []string{"a:b"}})
	read := c.importState("latchkey_key", there.ID)
	config := object{"name": "There", "permissions": []string{"a:b"}}
	plan, problems := c.plan("latchkey_key", read, config)
	c.mustNot(nil, problems)
	if plan.action != "nothing" {
		t.Fatal(plan.action, plan.value)
	}
	made := c.must("latchkey_key", read, with(config, object{"token_version": 7}))
	if codeOf(t, there.Key) != "valid" || text(t, made.value, "token_claim") != "" {
		t.Fatal("the import has rotated the key")
	}
	made = c.must("latchkey_key", made, with(config, object{"token_version": 8}))
	if codeOf(t, there.Key) != "rotated" || text(t, made.value, "token_claim") == "" {
		t.Fatal("the next version has not")
	}
}

func TestRefusalsNameTheAttribute(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	for _, one := range []struct {
		config object
		says   string
	}{
		{object{"name": ""}, `AttributeName("name")`},
		{object{"name": "A", "permissions": []string{"no good"}}, `AttributeName("permissions")`},
		{object{"name": "A", "expires_at": "tomorrow"}, `AttributeName("expires_at")`},
		{object{"name": "A", "metadata": "[1]"}, `AttributeName("metadata")`},
		{object{"name": "A", "metadata": "null"}, `AttributeName("metadata")`},
		{object{"name": "A", "limits": []object{{"name": "n", "limit": 1, "window_seconds": 1}, {"name": "m", "limit": 1}}},
			`AttributeName("limits").ElementKeyInt(1)`},
		{object{"name": "A", "limits": []object{{"name": "n", "limit": 1, "resets": "yearly"}}}, `AttributeName("resets")`},
		{object{"name": "A", "organization_id": "nobody"}, "organization_not_found"},
	} {
		left, problems := c.apply("latchkey_key", nil, one.config)
		if said := errorsOf(problems); left != nil || !strings.Contains(said, one.says) {
			t.Errorf("%v: %s", one.config, said)
		}
	}
}
