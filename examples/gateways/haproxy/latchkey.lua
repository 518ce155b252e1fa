-- Asks Latchkey about a request: `http-request lua.latchkey <permission>`, `any` for any valid key. Sets the
-- variables txn.latchkey_status and txn.latchkey_challenge, those of the limits that apply (txn.latchkey_ratelimit,
-- txn.latchkey_ratelimit_policy, txn.latchkey_retry_after), and the X-Latchkey headers if the answer is yes.
local url = os.getenv('LATCHKEY_URL') .. '/v1/auth'

core.register_action('latchkey', { 'http-req' }, function(txn, permission)
  local sent = txn.http:req_get_headers()
  local answer = core.httpclient():get({
    url = permission == 'any' and url or url .. '?permission=' .. permission,
    headers = { ['authorization'] = sent['authorization'], ['x-api-key'] = sent['x-api-key'] },
    timeout = 2000,
  })
  local headers = answer.headers or {}
  local function first(name)
    return headers[name] and headers[name][0] or ''
  end
  if answer.status == 200 then
    for _, name in ipairs({ 'x-latchkey-key-id', 'x-latchkey-organization-id', 'x-latchkey-permissions' }) do
      txn.http:req_set_header(name, first(name))
    end
  end
  txn:set_var('txn.latchkey_challenge', first('www-authenticate'))
  for _, name in ipairs({ 'ratelimit', 'ratelimit-policy', 'retry-after' }) do
    if headers[name] then
      txn:set_var('txn.latchkey_' .. name:gsub('-', '_'), first(name))
    end
  end
  -- Last, so that it is not there where anything before it failed.
  txn:set_var('txn.latchkey_status', answer.status)
end, 1)
