#!/usr/bin/env bash
# The gateway as a peer of the load tool: a real `serve`, told by the environment only.
cd "$(dirname "$(readlink -f "$0")")/../../.."
export TIEPNHAN_LISTEN="127.0.0.1:$HOOK_PORT"
export TIEPNHAN_PUBLIC_URL="http://127.0.0.1:$HOOK_PORT"
export TIEPNHAN_FOLDER="$STATE_DIR"
export TIEPNHAN_BLOBS="$STATE_DIR/blobs"
export TIEPNHAN_DATABASE="${DATABASE_URL:-embedded:$STATE_DIR/pg}"
export TIEPNHAN_PROFILES="$PWD/benchmarks/profiles"
export TIEPNHAN_STORE__URL="$CASE_URL"
export TIEPNHAN_STORE__CONTACT=platform
export TIEPNHAN_STORE__POLL=false
export TIEPNHAN_ACCOUNTS__0__CHANNEL=telegram
export TIEPNHAN_ACCOUNTS__0__ACCOUNT=bench
export TIEPNHAN_ACCOUNTS__0__PROFILE=bench
export TIEPNHAN_ACCOUNTS__0__BOT_TOKEN="$TELEGRAM_TOKEN"
export TIEPNHAN_ACCOUNTS__0__WEBHOOK_SECRET="$TELEGRAM_SECRET"
export TIEPNHAN_ACCOUNTS__0__API_BASE="$API_BASE"
exec .venv/bin/tiepnhan serve
