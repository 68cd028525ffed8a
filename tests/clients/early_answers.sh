#!/bin/sh
# Sends a large body again and again and prints the status of each answer, as curl sees it.
# Arguments: address, token, bytes, attempts, "announced" or "chunked".
address=$1 token=$2 bytes=$3 attempts=$4 way=$5
body=$(mktemp)
trap 'rm -f "$body"' EXIT
head -c "$bytes" /dev/zero | tr '\0' ' ' >"$body"
if [ "$way" = chunked ]; then encoding='Transfer-Encoding: chunked'; else encoding='X-Announced: yes'; fi
attempt=0
while [ "$attempt" -lt "$attempts" ]; do
  curl -sS -o /dev/null --max-time 60 -w '%{http_code}\n' "$address" \
    -H "Authorization: Bearer $token" -H 'Content-Type: application/json' -H "$encoding" \
    --data-binary "@$body" 2>/dev/null
  status=$?
  [ "$status" -eq 0 ] || echo "no status: curl ended with $status"
  attempt=$((attempt + 1))
done
