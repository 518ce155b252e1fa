"""Walks the life of a key by the client that openapi-python-client generated from the fields of emailr's API."""

import os
from uuid import UUID

from emailr_client import AuthenticatedClient
from emailr_client.api.api_keys import create_api_key, list_api_keys, revoke_api_key
from emailr_client.errors import UnexpectedStatus
from emailr_client.models import APIKey, CreateAPIKeyRequest, Success

client = AuthenticatedClient(
    base_url=os.environ["LATCHKEY_URL"],
    token=os.environ["CUSTOMER_KEY"],
    raise_on_unexpected_status=True,
)

before = list_api_keys.sync(client=client)
created = []
for i in range(130):
    key = create_api_key.sync(client=client, body=CreateAPIKeyRequest(name=f"Key {i}", permissions=["emails:send"]))
    assert isinstance(key, APIKey) and key.key.startswith("re_"), key
    assert isinstance(key.organization_id, UUID) and isinstance(key.created_by, UUID), key
    created.append(key)

keys = list_api_keys.sync(client=client)
assert len(keys) == len(before) + 130, len(keys)
assert all(not key.key for key in keys)

for _ in range(2):
    done = revoke_api_key.sync(id=created[0].id, client=client)
    assert isinstance(done, Success) and done.success, done
assert created[0].id not in [key.id for key in list_api_keys.sync(client=client)]

try:
    create_api_key.sync(client=client, body=CreateAPIKeyRequest(name=" "))
    raise AssertionError("not refused")
except UnexpectedStatus as error:
    assert error.status_code == 422 and b'"code":"invalid_input"' in error.content, error
