# In a session bus of its own, with a keyring that is unlocked by a password of nothing: logs in, lists keys, looks, logs out.
set -eu
printf '\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1
"$NODE" "$MAIN" login --profile ringed --url "$URL" < token.txt
"$NODE" "$MAIN" keys list --profile ringed
printf 'kept: %s\n' "$(secret-tool lookup service latchkey profile ringed url "$URL" | wc -c)"
"$NODE" "$MAIN" logout
printf 'left: %s\n' "$(secret-tool lookup service latchkey profile ringed url "$URL" | wc -c)"
