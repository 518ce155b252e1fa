// Walks the life of a key by the client that OpenAPI Generator (`go`) generated.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	latchkey "example.com/latchkey/client"
)

func require(isSo bool, what ...any) {
	if !isSo {
		fmt.Fprintln(os.Stderr, what...)
		os.Exit(1)
	}
}

func main() {
	configuration := latchkey.NewConfiguration()
	configuration.Servers = latchkey.ServerConfigurations{{URL: os.Getenv("LATCHKEY_URL")}}
	client := latchkey.NewAPIClient(configuration)
	ctx := context.WithValue(context.Background(), latchkey.ContextAccessToken, os.Getenv("LATCHKEY_KEY"))
	organization := os.Getenv("ORGANIZATION")

	verdict := func(token string, permissions ...string) *latchkey.Verdict {
		asked := latchkey.NewVerifyKey(token)
		asked.Permissions = permissions
		verdict, _, err := client.VerificationAPI.VerifyKey(ctx).VerifyKey(*asked).Execute()
		require(err == nil, err)
		return verdict
	}

	wanted := latchkey.NewCreateKey("CI")
	wanted.SetOrganizationId(organization)
	wanted.SetPermissions([]string{"emails:send"})
	created, _, err := client.KeysAPI.CreateKey(ctx).CreateKey(*wanted).Execute()
	require(err == nil && len(created.Permissions) == 1, err)

	listed, _, err := client.KeysAPI.ListKeys(ctx).OrganizationId(organization).Execute()
	require(err == nil && len(listed) == 1 && listed[0].Id == created.Id, err)

	valid := verdict(created.Key, "emails:send")
	require(valid.ValidVerdict != nil && valid.ValidVerdict.Valid && valid.ValidVerdict.KeyId == created.Id, valid)
	missing := verdict(created.Key, "emails:read")
	require(missing.ValidVerdict == nil && missing.InsufficientVerdict != nil && !missing.InsufficientVerdict.Valid, missing)
	unknown := verdict("nonsense")
	require(unknown.ValidVerdict == nil && unknown.UnknownVerdict != nil && !unknown.UnknownVerdict.Valid, unknown)

	change := latchkey.NewUpdateKey()
	change.SetName("Mailer")
	renamed, _, err := client.KeysAPI.UpdateKey(ctx, created.Id).UpdateKey(*change).Execute()
	require(err == nil && renamed.Name == "Mailer" && len(renamed.Permissions) == 1, err, renamed)

	rotated, _, err := client.KeysAPI.RotateKey(ctx, created.Id).Execute()
	require(err == nil, err)
	old := verdict(created.Key)
	require(old.ValidVerdict == nil && old.EndedVerdict != nil && old.EndedVerdict.Code == "rotated", old)
	require(verdict(rotated.Key).ValidVerdict != nil)

	done, _, err := client.KeysAPI.RevokeKey(ctx, created.Id).Execute()
	require(err == nil && done.Success, err)
	revoked := verdict(rotated.Key)
	require(revoked.ValidVerdict == nil && revoked.EndedVerdict != nil && revoked.EndedVerdict.Code == "revoked", revoked)
	require(!revoked.EndedVerdict.Valid)

	// A code of a later version must not look valid either.
	var later latchkey.Verdict
	text := fmt.Sprintf(`{"valid":false,"code":"suspended","key_id":"%s","organization_id":"a","name":"b","permissions":[],"expires_at":null,"metadata":{}}`, created.Id)
	if json.Unmarshal([]byte(text), &later) == nil {
		require(later.ValidVerdict == nil, later)
	}

	_, _, err = client.KeysAPI.UpdateKey(ctx, created.Id).UpdateKey(*change).Execute()
	var refused *latchkey.GenericOpenAPIError
	require(errors.As(err, &refused), err)
	problem, isProblem := refused.Model().(latchkey.Problem)
	require(isProblem && problem.Code == "key_revoked", refused)
}
