# A catalogue, a plan, a customer with a policy, and the key of a program of theirs. Set LATCHKEY_URL and LATCHKEY_KEY.
terraform {
  required_version = ">= 1.11"
  required_providers {
    latchkey = { source = "latchkey-dev/latchkey" }
  }
}

provider "latchkey" {}

resource "latchkey_permission" "send" {
  name        = "emails:send"
  description = "Send emails."
  group       = "Emails"
}

resource "latchkey_plan" "starter" {
  name   = "starter"
  limits = [{ name = "calls", limit = 1000, window_seconds = 60 }]
}

resource "latchkey_organization" "acme" {
  id     = "acme-inc"
  name   = "Acme"
  plan   = latchkey_plan.starter.name
  limits = [{ name = "credits", limit = 10000, resets = "monthly" }]
}

resource "latchkey_policy" "acme" {
  organization_id = latchkey_organization.acme.id
  require_expiry  = true
  max_keys        = 50
}

resource "latchkey_key" "mailer" {
  organization_id = latchkey_policy.acme.organization_id
  name            = "Mailer"
  permissions     = [latchkey_permission.send.name]
  expires_at      = "2035-01-01T00:00:00Z"
  allowed_ips     = ["203.0.113.0/24"]
  metadata        = jsonencode({ team = "growth" })

  # Another number rotates the token. The one before stays valid for an hour, until the programs have the new one.
  token_version          = 1
  rotation_grace_seconds = 3600
}

# Its token, for the write-only argument of a secret store: see docs/guides/terraform.md.
ephemeral "latchkey_key_token" "mailer" {
  claim = latchkey_key.mailer.token_claim
}

resource "latchkey_webhook" "revocations" {
  organization_id = latchkey_organization.acme.id
  url             = "https://hooks.example.com/latchkey"
  events          = ["key.revoked", "key.suspended"]
}

# A key for this run alone, for another provider. It is revoked at the end.
ephemeral "latchkey_key" "run" {
  name        = "Terraform run"
  permissions = ["emails:read"]
}
