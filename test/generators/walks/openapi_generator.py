"""Walks the life of a key by the client that OpenAPI Generator (`python`) generated."""

import os

import openapi_client as latchkey

configuration = latchkey.Configuration(host=os.environ["LATCHKEY_URL"], access_token=os.environ["LATCHKEY_KEY"])
client = latchkey.ApiClient(configuration)
keys = latchkey.KeysApi(client)
verification = latchkey.VerificationApi(client)


def verdict(token, permissions=None):
    return verification.verify_key(latchkey.VerifyKey(key=token, permissions=permissions)).actual_instance


created = keys.create_key(
    latchkey.CreateKey(name="CI", organization_id=os.environ["ORGANIZATION"], permissions=["emails:send"])
)
assert created.permissions == ["emails:send"]
listed = keys.list_keys(organization_id=os.environ["ORGANIZATION"])
assert [key.id for key in listed] == [created.id], listed

valid = verdict(created.key, ["emails:send"])
assert type(valid) is latchkey.ValidVerdict and valid.valid and valid.key_id == created.id, valid
missing = verdict(created.key, ["emails:read"])
assert type(missing) is latchkey.InsufficientVerdict and not missing.valid, missing
assert missing.missing == ["emails:read"]
unknown = verdict("nonsense")
assert type(unknown) is latchkey.UnknownVerdict and not unknown.valid, unknown

renamed = keys.update_key(str(created.id), latchkey.UpdateKey(name="Mailer"))
assert renamed.name == "Mailer" and renamed.permissions == ["emails:send"], renamed

rotated = keys.rotate_key(str(created.id))
old = verdict(created.key)
assert type(old) is latchkey.EndedVerdict and not old.valid and old.code == "rotated", old
assert type(verdict(rotated.key)) is latchkey.ValidVerdict

assert keys.revoke_key(str(created.id)).success
revoked = verdict(rotated.key)
assert type(revoked) is latchkey.EndedVerdict and not revoked.valid and revoked.code == "revoked", revoked

try:
    keys.update_key(str(created.id), latchkey.UpdateKey(name="Again"))
    raise AssertionError("not refused")
except latchkey.ApiException as error:
    assert error.status == 409 and error.data.code == "key_revoked", error
