#!/bin/sh
# A Latchkey for the app beside it: two customers, and a key for the app's backend that stands in the file .env here. It listens on
# http://localhost:7373; run again, it goes on with the same database.
set -eu
umask 077
cd "$(dirname "$0")"
export LATCHKEY_DATABASE_URL=sqlite:latchkey.db LATCHKEY_PUBLIC_URL="http://localhost:${LATCHKEY_PORT:-7373}" LATCHKEY_ROOT_KEY=none

if ! [ -e .env ]; then
  latchkey migrate >&2
  echo 'The root key, for the console:' >&2
  latchkey root-key >&2
  latchkey orgs create acme --name Acme >&2
  latchkey orgs create globex --name Globex >&2
  # What its sessions may do, and the right to make them; nothing else.
  key=$(latchkey keys create --organization root --name "Customer page" --permission latchkey:portal:write \
    --permission latchkey:keys:read --permission latchkey:keys:write --permission latchkey:usage:read \
    --permission 'emails:*')
  printf 'LATCHKEY_URL=%s\nLATCHKEY_KEY=%s\n' "$LATCHKEY_PUBLIC_URL" "$key" >.env
fi
exec latchkey serve
