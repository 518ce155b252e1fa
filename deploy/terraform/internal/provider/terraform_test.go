package provider

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	latchkey "github.com/latchkey-dev/latchkey/clients/go"
)

// What only Terraform itself can show: what it writes down, and when it opens what is ephemeral. All else is tested over the protocol.

type terraform struct {
	t      *testing.T
	folder string
	env    []string
}

// newTerraform builds the provider and a secret store, which Terraform takes from a folder: it asks no registry.
func newTerraform(t *testing.T, config string) *terraform {
	t.Helper()
	if _, err := exec.LookPath("terraform"); err != nil {
		t.Skip("Terraform is not installed. Only what the protocol shows was tested.")
	}
	folder := t.TempDir()
	for name, source := range map[string]string{"latchkey": "../..", "vaultlike": "../vault"} {
		build := exec.Command("go", "build", "-o", filepath.Join(folder, "terraform-provider-"+name), ".")
		build.Dir = source
		if printed, err := build.CombinedOutput(); err != nil {
			t.Fatal(string(printed))
		}
	}
	overrides := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"latchkey-dev/latchkey\" = %q\n    \"latchkey-dev/vaultlike\" = %q\n  }\n  direct {}\n}\n",
		folder, folder)
	settings := filepath.Join(folder, "settings.tfrc")
	if err := os.WriteFile(settings, []byte(overrides), 0o600); err != nil {
		t.Fatal(err)
	}
	made := &terraform{t, folder, append(os.Environ(), "TF_CLI_CONFIG_FILE="+settings, "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1",
		"LATCHKEY_URL="+serverURL, "LATCHKEY_KEY="+rootToken)}
	made.write(config)
	return made
}

func (r *terraform) write(config string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.folder, "main.tf"), []byte(config), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *terraform) try(args ...string) (string, error) {
	command := exec.Command("terraform", append([]string{"-chdir=" + r.folder}, args...)...)
	command.Env = r.env
	printed, err := command.CombinedOutput()
	return string(printed), err
}

func (r *terraform) run(args ...string) string {
	r.t.Helper()
	printed, err := r.try(args...)
	if err != nil {
		r.t.Fatalf("terraform %s: %s\n%s", strings.Join(args, " "), err, printed)
	}
	return printed
}

func (r *terraform) stored() string {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.folder, "stored"))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(text)
}

// writesDownNone looks for a secret in every file of the run but that of the secret store, and in what Terraform shows of them.
func (r *terraform) writesDownNone(secret string, shown ...string) {
	r.t.Helper()
	shown = append(shown, r.run("show", "-json"), r.run("state", "pull"), r.run("output", "-json"))
	files, err := os.ReadDir(r.folder)
	if err != nil {
		r.t.Fatal(err)
	}
	seen := 0
	for _, file := range files {
		if strings.HasPrefix(file.Name(), "terraform-provider-") || file.Name() == "stored" || file.IsDir() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(r.folder, file.Name()))
		if err != nil {
			r.t.Fatal(err)
		}
		seen++
		if bytes.HasPrefix(text, []byte("PK")) { // A plan is an archive.
			shown = append(shown, r.run("show", "-json", file.Name()))
		}
		shown = append(shown, string(text))
	}
	if seen < 3 {
		r.t.Fatal("there is no state to look into")
	}
	for _, one := range shown {
		mustNotHold(r.t, one, secret)
	}
}

const handedOn = `
terraform {
  required_providers {
    latchkey  = { source = "latchkey-dev/latchkey" }
    vaultlike = { source = "latchkey-dev/vaultlike" }
  }
}

resource "latchkey_organization" "it" {
  id   = "terraformed"
  name = "Terraformed"
}

resource "latchkey_key" "it" {
  organization_id        = latchkey_organization.it.id
  name                   = "CI"
  permissions            = ["emails:send"]
  token_version          = %d
  rotation_grace_seconds = 600
}

ephemeral "latchkey_key_token" "it" {
  claim = latchkey_key.it.token_claim
}

resource "vaultlike_secret" "it" {
  file             = "stored"
  value_wo         = ephemeral.latchkey_key_token.it.token
  value_wo_version = latchkey_key.it.token_version
}

output "hint" {
  value = latchkey_key.it.hint
}
`

func TestTerraformHandsATokenOnAndWritesNoneDown(t *testing.T) {
	r := newTerraform(t, fmt.Sprintf(handedOn, 1))
	if printed, err := r.try("plan", "-detailed-exitcode", "-out=first.plan"); err == nil || !strings.Contains(printed, "3 to add") {
		t.Fatal(printed)
	}
	applied := r.run("apply", "first.plan")
	first := r.stored()
	hint := strings.Trim(strings.TrimSpace(r.run("output", "-raw", "hint")), "…")
	if codeOf(t, first) != "valid" || !strings.HasPrefix(first, hint) {
		t.Fatal("the secret store has no valid token")
	}
	r.writesDownNone(first[len(hint):], applied)

	// A plan opens the claim again: it changes nothing and shows nothing.
	again := r.run("plan", "-detailed-exitcode", "-out=again.plan")
	if !strings.Contains(again, "No changes") || codeOf(t, first) != "valid" {
		t.Fatal(again)
	}

	r.write(fmt.Sprintf(handedOn, 2))
	printed, _ := r.try("plan", "-out=second.plan")
	if !strings.Contains(printed, "0 to add, 2 to change") || codeOf(t, first) != "valid" {
		t.Fatal(printed)
	}
	applied = r.run("apply", "second.plan")
	second := r.stored()
	if second == first || codeOf(t, second) != "valid" || codeOf(t, first) != "valid" {
		t.Fatal("the new token is not handed on, or the old one has no grace")
	}
	hint = strings.Trim(strings.TrimSpace(r.run("output", "-raw", "hint")), "…")
	r.writesDownNone(second[len(hint):], applied, printed)
	r.writesDownNone(first[len(hint):], applied, printed)

	// Revoked by somebody, it is made anew, and its token is handed on.
	verdict, err := direct.Verify(withTimeout(t), second, latchkey.Question{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := direct.Keys.Revoke(withTimeout(t), verdict.KeyID, latchkey.WithReason("compromised")); err != nil {
		t.Fatal(err)
	}
	printed, _ = r.try("plan")
	if !strings.Contains(printed, "1 to add") {
		t.Fatal(printed)
	}

	destroyed := r.run("destroy", "-auto-approve")
	if !strings.Contains(destroyed, "suspended, not deleted") {
		t.Fatal(destroyed)
	}
	// Of what is there already, Terraform says how to take it over; and an import rotates nothing.
	if printed, err := r.try("apply", "-auto-approve"); err == nil || !strings.Contains(printed, "organization_exists") {
		t.Fatal(printed)
	}
	key := newKey(t, latchkey.CreateKey{Name: "By hand"})
	r.run("import", "latchkey_organization.it", "terraformed")
	r.run("import", "latchkey_key.it", key.ID)
	if codeOf(t, key.Key) != "valid" {
		t.Fatal("the import has rotated the key")
	}
	r.writesDownNone(key.Key[len(strings.Trim(key.Hint, "…")):])
}

func TestTerraformTakesTheExamples(t *testing.T) {
	files, err := filepath.Glob("../../../../examples/terraform/*.tf")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no examples", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r := newTerraform(t, string(text))
		r.run("validate")
		if printed, err := r.try("fmt", "-check", "-diff"); err != nil {
			t.Fatal(printed)
		}
		r.run("apply", "-auto-approve")
		if printed := r.run("plan"); !strings.Contains(printed, "No changes") {
			t.Fatal(printed)
		}
		r.run("destroy", "-auto-approve")
	}
}
