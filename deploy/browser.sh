#!/bin/sh
# The page tests need a Chromium. Finds one, or installs the system's; says what to type where it cannot.
set -eu
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
if command -v apt-get >/dev/null 2>&1; then
    install="apt-get update && apt-get install -y --no-install-recommends chromium"
    if [ "$(id -u)" = 0 ]; then
        echo "Installing Chromium for the page tests"
        apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends chromium >/dev/null
        exit 0
    fi
    echo "The page tests need Chromium. Type: sudo sh -c '$install'" >&2
else
    echo "The page tests need Chromium: install it so that `chromium` or `google-chrome` can be called" >&2
fi
exit 1
