package provider

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	latchkey "github.com/latchkey-dev/latchkey/clients/go"
)

// kept is all that Terraform writes down of a resource: its state, and what is private beside it.
func kept(made *instance) string {
	return made.value.String() + string(made.private)
}

// mustNotHold fails if a text has the secret or a part of it.
func mustNotHold(t *testing.T, where, secret string) {
	t.Helper()
	for i := 0; i+8 <= len(secret); i += 4 {
		if part := secret[i : i+8]; strings.Contains(where, part) || strings.Contains(where, base64.StdEncoding.EncodeToString([]byte(part))[:10]) {
			t.Fatalf("%q of a secret is in %s", part, where)
		}
	}
}

// secretOf is what is secret of a token: all behind the prefix and the kid, which the hint shows.
func secretOf(hint, token string) string {
	secret := token[len(strings.TrimSuffix(hint, "…")):]
	if len(secret) < 40 {
		panic("the hint shows more than the prefix and the kid")
	}
	return secret
}

func TestATokenIsClaimedAndInNoState(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	made := c.must("latchkey_key", nil, object{"name": "Claimed"})
	opened, closed := c.open("latchkey_key_token", object{"claim": text(t, made.value, "token_claim")})
	token, hint := text(t, opened, "token"), text(t, made.value, "hint")
	if codeOf(t, token) != "valid" {
		t.Fatal("the token that was claimed is not valid")
	}
	mustNotHold(t, kept(made), secretOf(hint, token))
	mustNotHold(t, kept(c.refresh("latchkey_key", made)), secretOf(hint, token))
	closed()
	// Every plan opens it anew, and rotates nothing.
	again, _ := c.open("latchkey_key_token", object{"claim": text(t, made.value, "token_claim")})
	if text(t, again, "token") != token || codeOf(t, token) != "valid" {
		t.Fatal("to claim a token twice gives another")
	}
	// Whoever changed the key meanwhile changes nothing of that.
	made = c.must("latchkey_key", made, object{"name": "Renamed"})
	if again, _ = c.open("latchkey_key_token", object{"claim": text(t, made.value, "token_claim")}); text(t, again, "token") != token {
		t.Fatal("a change of the key ends its claim")
	}
}

func TestANewVersionRotatesWithAGrace(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	made := c.must("latchkey_key", nil, object{"name": "Rotated"})
	opened, _ := c.open("latchkey_key_token", object{"claim": text(t, made.value, "token_claim")})
	first := text(t, opened, "token")
	next := object{"name": "Rotated", "token_version": 2, "rotation_grace_seconds": 600}
	plan, problems := c.plan("latchkey_key", made, next)
	c.mustNot(nil, problems)
	if claim := fieldsOf(plan.value)["token_claim"]; plan.action != "update" || claim.IsKnown() {
		t.Fatal("the claim of a rotation that is planned is known before it", plan.value)
	}
	if codeOf(t, first) != "valid" {
		t.Fatal("the plan has rotated the key")
	}
	made = stays(t, c, "latchkey_key", c.must("latchkey_key", made, next), next)
	opened, _ = c.open("latchkey_key_token", object{"claim": text(t, made.value, "token_claim")})
	second := text(t, opened, "token")
	if second == first || codeOf(t, second) != "valid" || codeOf(t, first) != "valid" {
		t.Fatal("the grace does not hold")
	}
	mustNotHold(t, kept(made), secretOf(text(t, made.value, "hint"), second))

	// The grace is not over: a third token would end it, and the state says that nothing was rotated.
	left, problems := c.apply("latchkey_key", made, with(next, object{"token_version": 3}))
	if said := errorsOf(problems); !strings.Contains(said, "rotation_in_progress") || text(t, left.value, "token_claim") != text(t, made.value, "token_claim") {
		t.Fatal(said)
	}
	made = c.must("latchkey_key", left, object{"name": "Rotated", "token_version": 3})
	if codeOf(t, second) != "rotated" {
		t.Fatal("without a grace, the token before is valid still")
	}
}

func TestAClaimThatIsOverRotatesNothing(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	made := c.must("latchkey_key", nil, object{"name": "Forgotten"})
	opened, _ := c.open("latchkey_key_token", object{"claim": text(t, made.value, "token_claim")})
	token := text(t, opened, "token")
	isOver := func(c *core, claim string) {
		t.Helper()
		opened, _ := c.open("latchkey_key_token", object{"claim": claim})
		if text(t, opened, "token") != "" || codeOf(t, token) != "valid" {
			t.Fatal("a claim that is over gives or makes a token")
		}
	}
	// As after 24 hours: the server does not know the idempotency key.
	claim := text(t, made.value, "token_claim")
	isOver(c, strings.Replace(claim, "terraform-", "forgotten-", 1))
	// To another token, even of an operator, and to one that may only read.
	for _, permissions := range [][]string{{"*", "latchkey:*"}, {"latchkey:keys:read"}} {
		other := newKey(t, latchkey.CreateKey{Name: "Other", Permissions: permissions})
		isOver(newCore(t, serverURL, other.Key), claim)
	}
	// And of what was imported there is none.
	opened, _ = c.open("latchkey_key_token", object{})
	if text(t, opened, "token") != "" {
		t.Fatal("no claim, and a token")
	}
}

func TestASecretOfAWebhookIsClaimedAndInNoState(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	config := object{"url": "https://example.com/hook", "events": []string{"key.revoked", "key.created"}, "description": "Tells."}
	made := stays(t, c, "latchkey_webhook", c.must("latchkey_webhook", nil, config), config)
	opened, _ := c.open("latchkey_webhook_secret", object{"claim": text(t, made.value, "secret_claim")})
	secret := text(t, opened, "secret")
	if !strings.HasPrefix(secret, "whsec_") {
		t.Fatal("no secret")
	}
	mustNotHold(t, kept(made), strings.TrimPrefix(secret, "whsec_"))

	next := with(config, object{"secret_version": 2, "enabled": false, "description": nil})
	made = stays(t, c, "latchkey_webhook", c.must("latchkey_webhook", made, next), next)
	opened, _ = c.open("latchkey_webhook_secret", object{"claim": text(t, made.value, "secret_claim")})
	if text(t, opened, "secret") == secret {
		t.Fatal("not rotated")
	}
	mustNotHold(t, kept(made), strings.TrimPrefix(text(t, opened, "secret"), "whsec_"))
	webhook, err := direct.Webhooks.Get(withTimeout(t), text(t, made.value, "id"))
	c.mustNot(err, nil)
	if webhook.Status != "disabled" || webhook.Description != nil || webhook.GraceEndsAt == nil {
		t.Fatalf("%+v", webhook)
	}
	stopped := stays(t, c, "latchkey_webhook", made, with(next, object{"enabled": nil}))
	imported := c.importState("latchkey_webhook", webhook.ID)
	if text(t, imported.value, "secret_claim") != "" {
		t.Fatal("an import knows a secret")
	}
	c.destroy("latchkey_webhook", stopped)
	if c.refresh("latchkey_webhook", made) != nil {
		t.Fatal("a webhook that is gone stays in the state")
	}
}

func TestATemporaryKeyEndsWithTheRun(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	opened, closed := c.open("latchkey_key", object{"name": "Run", "permissions": []string{"a:b"}, "lifetime_seconds": 300})
	token := text(t, opened, "token")
	key, err := direct.Keys.Get(withTimeout(t), text(t, opened, "id"))
	c.mustNot(err, nil)
	if codeOf(t, token) != "valid" || key.ExpiresAt == nil || key.ExpiresAt.Sub(key.CreatedAt).Seconds() > 301 {
		t.Fatalf("%+v", key)
	}
	closed()
	if codeOf(t, token) != "revoked" {
		t.Fatal("it outlives the run")
	}
	closed() // Once more is no error.
}

func TestATemporaryKeyIsAsNarrowAsTheConfigurationSays(t *testing.T) {
	c := newCore(t, serverURL, rootToken)
	parent := newKey(t, latchkey.CreateKey{Name: "Parent", Permissions: []string{"a:*"}})
	opened, closed := c.open("latchkey_key", object{
		"name": "Narrow", "parent_id": parent.ID, "permissions": []string{"a:b"}, "allowed_ips": []string{"192.0.2.0/24"},
	})
	defer closed()
	key, err := direct.Keys.Get(withTimeout(t), text(t, opened, "id"))
	c.mustNot(err, nil)
	if key.ParentID == nil || *key.ParentID != parent.ID || fmt.Sprint(key.Permissions, key.AllowedIPs) != "[a:b] [192.0.2.0/24]" {
		t.Fatalf("%+v", key)
	}
	if lifetime := key.ExpiresAt.Sub(key.CreatedAt).Minutes(); lifetime < 59 || lifetime > 61 {
		t.Fatalf("it lasts %v minutes, and an hour is said", lifetime)
	}
}
