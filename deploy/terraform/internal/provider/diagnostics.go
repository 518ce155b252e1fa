package provider

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	latchkey "github.com/latchkey-dev/latchkey/clients/go"
)

// What helps beside the words of the server, by code.
var advice = map[string]string{
	"precondition_failed": "Somebody changed it after Terraform had read it, and nothing was done. Plan again, and look at what changed.",
	"invalid_token":       "Terraform calls with the token of LATCHKEY_KEY, or of the provider's configuration.",
	"organization_exists": "To take it over, import it.",
	"plan_exists":         "To take it over, import it.",
	"rotation_in_progress": "The token before the last rotation is still in its grace. Wait for its end, end it, or set" +
		" rotation_grace_seconds to 0.",
}

// addError says what the server refused: a field at fault by its attribute, all else by code and id of the request.
func addError(diagnostics *diag.Diagnostics, summary string, err error) {
	var refused *latchkey.Error
	if !errors.As(err, &refused) {
		diagnostics.AddError(summary, err.Error())
		return
	}
	for _, field := range refused.Errors {
		diagnostics.AddAttributeError(attributeOf(field.Path), summary, field.Path+": "+field.Message+requestOf(refused))
	}
	if len(refused.Errors) > 0 {
		return
	}
	detail := refused.Detail
	if cause := errors.Unwrap(err); cause != nil {
		detail += "\n\n" + cause.Error()
	}
	if more, ok := advice[refused.Code]; ok {
		detail += "\n\n" + more
	}
	if refused.Rule != "" {
		detail += "\n\nThe rule is " + refused.Rule + "."
	}
	diagnostics.AddError(summary, detail+"\n\nCode: "+refused.Code+"."+requestOf(refused))
}

func requestOf(refused *latchkey.Error) string {
	if refused.RequestID == "" {
		return ""
	}
	return fmt.Sprintf(" Request: %s.", refused.RequestID)
}

var limitField = regexp.MustCompile(`^(limits|key_limits)\[(\d+)\](?:\.([a-z_]+))?$`)

// attributeOf finds the attribute of a field: permissions[1] is in permissions, which is a set, and limits[0].burst is a place in a list.
func attributeOf(field string) path.Path {
	if found := limitField.FindStringSubmatch(field); found != nil {
		index, _ := strconv.Atoi(found[2])
		at := path.Root(found[1]).AtListIndex(index)
		if found[3] != "" {
			at = at.AtName(found[3])
		}
		return at
	}
	end := strings.IndexAny(field, ".[")
	if end >= 0 {
		field = field[:end]
	}
	return path.Root(field)
}

// isCode tells whether the server refused with one of these codes.
func isCode(err error, codes ...string) bool {
	var refused *latchkey.Error
	if !errors.As(err, &refused) {
		return false
	}
	for _, code := range codes {
		if refused.Code == code {
			return true
		}
	}
	return false
}
