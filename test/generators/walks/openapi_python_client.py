"""Walks the life of a key by the client that openapi-python-client generated."""

import os

from latchkey_client import AuthenticatedClient
from latchkey_client.api.keys import create_key, get_key, list_keys, revoke_key, rotate_key, update_key
from latchkey_client.api.verification import verify_key
from latchkey_client.models import (
    ChangeDone,
    ChangedKey,
    CreatedKey,
    CreateKey,
    EndedVerdict,
    InsufficientVerdict,
    KeyDetails,
    Problem,
    RotatedKey,
    RotateKey,
    UnknownVerdict,
    UpdateKey,
    ValidVerdict,
    VerifyKey,
)

client = AuthenticatedClient(
    base_url=os.environ["LATCHKEY_URL"],
    token=os.environ["LATCHKEY_KEY"],
    raise_on_unexpected_status=True,
)


def verdict(token, permissions=None):
    body = VerifyKey(key=token) if permissions is None else VerifyKey(key=token, permissions=permissions)
    return verify_key.sync(client=client, body=body)


created = create_key.sync(
    client=client,
    body=CreateKey(name="CI", organization_id=os.environ["ORGANIZATION"], permissions=["emails:send"]),
)
assert isinstance(created, CreatedKey), created
assert created.permissions == ["emails:send"]

keys = list_keys.sync(client=client, organization_id=os.environ["ORGANIZATION"])
assert isinstance(keys, list) and [key.id for key in keys] == [created.id], keys

valid = verdict(created.key, ["emails:send"])
assert type(valid) is ValidVerdict and valid.valid and valid.key_id == created.id, valid
missing = verdict(created.key, ["emails:read"])
assert type(missing) is InsufficientVerdict and not missing.valid, missing
assert missing.missing == ["emails:read"]
unknown = verdict("nonsense")
assert type(unknown) is UnknownVerdict and not unknown.valid, unknown

renamed = update_key.sync(id=created.id, client=client, body=UpdateKey(name="Mailer"))
assert isinstance(renamed, ChangedKey) and renamed.name == "Mailer", renamed
assert renamed.permissions == ["emails:send"], renamed

rotated = rotate_key.sync(id=created.id, client=client, body=RotateKey())
assert isinstance(rotated, RotatedKey), rotated
old = verdict(created.key)
assert type(old) is EndedVerdict and not old.valid and old.code.value == "rotated", old
assert type(verdict(rotated.key)) is ValidVerdict

done = revoke_key.sync(id=created.id, client=client)
assert isinstance(done, ChangeDone) and done.success, done
revoked = verdict(rotated.key)
assert type(revoked) is EndedVerdict and not revoked.valid and revoked.code.value == "revoked", revoked
assert isinstance(get_key.sync(id=created.id, client=client), KeyDetails)

refused = update_key.sync(id=created.id, client=client, body=UpdateKey(name="Again"))
assert isinstance(refused, Problem) and refused.code.value == "key_revoked", refused
