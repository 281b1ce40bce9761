#!/bin/sh
# The mailbox tests run against a real Dovecot. Finds one, or installs the system's without leaving a service running.
set -eu
PATH="$PATH:/usr/sbin:/usr/local/sbin"
have() {
    command -v dovecot >/dev/null 2>&1 || return 1
    for folder in /usr/lib/dovecot /usr/libexec/dovecot; do
        [ -x "$folder/imap" ] && [ -x "$folder/lmtp" ] && return 0
    done
    return 1
}
have && exit 0
install="apt-get update && apt-get install -y --no-install-recommends dovecot-imapd dovecot-lmtpd"
if command -v apt-get >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ]; then
        echo "Installing Dovecot for the mailbox tests"
        policy=/usr/sbin/policy-rc.d
        # Exit code 101: packages may not start services.
        [ -e "$policy" ] || { printf '#!/bin/sh\nexit 101\n' >"$policy"; chmod 755 "$policy"; trap 'rm -f "$policy"' EXIT; }
        apt-get -qq update
        DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends dovecot-imapd dovecot-lmtpd >/dev/null
        if command -v systemctl >/dev/null 2>&1; then
            systemctl disable dovecot.service dovecot.socket >/dev/null 2>&1 || true
        fi
        exit 0
    fi
    echo "The mailbox tests need Dovecot. Type: sudo sh -c '$install'; and keep its service off: systemctl disable --now dovecot" >&2
else
    echo "The mailbox tests need Dovecot 2.3 with imap and lmtp: install it so that dovecot can be called" >&2
fi
exit 1
