#!/bin/bash
# postfix-instance.sh - a private, throw-away Postfix for delivery tests.
# Nothing is written under /etc; no chroot, loopback only, no syslogd, no systemd. Needs root.
#
#   postfix-instance.sh start ROOT     write configuration, queue and homes, start; returns when master is ready
#   postfix-instance.sh hold  ROOT     start, print "ready", wait for end of file on standard input, stop, remove ROOT
#   postfix-instance.sh stop  ROOT     stop
#   postfix-instance.sh inject ROOT FROM TO [FILE]     queue one message; FROM '' = null sender
#   postfix-instance.sh drain ROOT [SECS]              wait until maildrop, incoming and active are empty
#   postfix-instance.sh result ROOT TO                 last status= line logged for recipient TO
#   postfix-instance.sh log   ROOT | queue ROOT
#
# Environment
#   PF_PORT    smtpd on 127.0.0.1:PORT (default none: submission is through sendmail -C)
#   PF_USERS   "alice:20001 bob:20002": test accounts name:uid (gid = uid), home ROOT/home/NAME. They exist only
#              inside a mount namespace that this master and its children see, where ROOT/etc also
#              covers /etc/postfix, so that commands run by this Postfix may call a plain "sendmail".
# Read from ROOT when present: extra-main.cf (replaces settings of the same name), extra-master.cf,
# transport (texthash), aliases. local.test is the domain of local(8); @sink.test is a virtual(8)
# catch-all, one Maildir ROOT/sink.
set -u
PATH=/usr/sbin:/usr/bin:/sbin:/bin
die() { echo "postfix-instance.sh: $*" >&2; exit 1; }
[ $# -ge 2 ] || { sed -n '2,22p' "$0" >&2; exit 64; }
[ "$(id -u)" = 0 ] || die "needs root: local(8), virtual(8) and pipe(8) switch uid"
cmd=$1; mkdir -p "$2" || exit 1; ROOT=$(cd "$2" && pwd -P) || exit 1; shift 2
: "${PF_USERS:=}" "${PF_PORT:=}"
ETC=$ROOT/etc Q=$ROOT/queue LOG=$ROOT/log/mail.log
DAEMONS=$(postconf -dh daemon_directory); SBIN=$(postconf -dh command_directory)
MAIL_OWNER=$(postconf -dh mail_owner); SGID=$(postconf -dh setgid_group)

main_cf() { cat <<CF
compatibility_level = 3.6
queue_directory = $Q
data_directory = $ROOT/data
command_directory = $SBIN
daemon_directory = $DAEMONS
mail_owner = $MAIL_OWNER
setgid_group = $SGID
maillog_file = $LOG
maillog_file_prefixes = $ROOT, /var, /dev/stdout
alternate_config_directories = $ETC
myhostname = mx.local.test
mydomain = local.test
myorigin = local.test
mydestination = local.test
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
disable_dns_lookups = yes
smtp_host_lookup = native
default_transport = error:no route to outside from the test instance
relayhost =
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_client_restrictions =
smtpd_tls_security_level = none
smtp_tls_security_level = none
local_recipient_maps =
alias_maps = hash:$ROOT/aliases
alias_database =
transport_maps = texthash:$ROOT/transport
virtual_mailbox_domains = sink.test
virtual_mailbox_base = $ROOT
virtual_mailbox_maps = static:sink/
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_mailbox_limit = 0
virtual_minimum_uid = 100
mail_spool_directory = $ROOT/spool
mailbox_size_limit = 0
recipient_delimiter = +
biff = no
mailbox_command =
home_mailbox =
command_time_limit = 20s
max_idle = 20s
minimal_backoff_time = 300s
queue_run_delay = 300s
notify_classes =
CF
}
master_cf() { cat <<'CF'
pickup    unix  n  -  n  1  1  pickup
cleanup   unix  n  -  n  -  0  cleanup
qmgr      unix  n  -  n  300 1 qmgr
rewrite   unix  -  -  n  -  -  trivial-rewrite
bounce    unix  -  -  n  -  0  bounce
defer     unix  -  -  n  -  0  bounce
trace     unix  -  -  n  -  0  bounce
verify    unix  -  -  n  -  1  verify
flush     unix  n  -  n  1000? 0 flush
proxymap  unix  -  -  n  -  -  proxymap
proxywrite unix -  -  n  -  1  proxymap
smtp      unix  -  -  n  -  -  smtp
relay     unix  -  -  n  -  -  smtp
showq     unix  n  -  n  -  -  showq
error     unix  -  -  n  -  -  error
retry     unix  -  -  n  -  -  error
discard   unix  -  -  n  -  -  discard
local     unix  -  n  n  -  -  local
virtual   unix  -  n  n  -  -  virtual
lmtp      unix  -  -  n  -  -  lmtp
anvil     unix  -  -  n  -  1  anvil
scache    unix  -  -  n  -  1  scache
postlog   unix-dgram n - n  -  1  postlogd
CF
  [ -z "$PF_PORT" ] || echo "127.0.0.1:$PF_PORT inet n - n - - smtpd"
  [ ! -f "$ROOT/extra-master.cf" ] || cat "$ROOT/extra-master.cf"
}
directories() {
  mkdir -p "$ETC" "$Q" "$ROOT/log" "$ROOT/data" "$ROOT/home" "$ROOT/spool" "$ROOT/sink"
  chmod 755 "$ROOT" "$ETC" "$Q" "$ROOT/log" "$ROOT/home"; chmod 1777 "$ROOT/spool"; chown root:root "$ETC" "$Q"
  chown "$MAIL_OWNER" "$ROOT/data"; chmod 700 "$ROOT/data"; chown 65534 "$ROOT/sink"
  local d; for d in active bounce corrupt defer deferred flush hold incoming private saved trace; do
    mkdir -p "$Q/$d"; chown "$MAIL_OWNER:root" "$Q/$d"; chmod 700 "$Q/$d"; done
  mkdir -p "$Q/maildrop" "$Q/public" "$Q/pid"
  chown "$MAIL_OWNER:$SGID" "$Q/maildrop" "$Q/public"; chmod 1730 "$Q/maildrop"; chmod 2710 "$Q/public"; chmod 755 "$Q/pid"
  d=$ROOT; while [ "$d" != / ]; do d=$(dirname "$d")
    [ $(( 0$(stat -c %a "$d") & 1 )) = 1 ] || die "$d is not world-searchable: choose another ROOT"; done
}
init() {
  directories
  : >"$ETC/passwd"; : >"$ETC/group"
  local u name uid; for u in $PF_USERS; do name=${u%%:*}; uid=${u##*:}
    echo "$name:x:$uid:$uid:test user:$ROOT/home/$name:/bin/sh" >>"$ETC/passwd"; echo "$name:x:$uid:" >>"$ETC/group"
    mkdir -p "$ROOT/home/$name"; chown "$uid:$uid" "$ROOT/home/$name"; chmod 755 "$ROOT/home/$name"; done
  cat /etc/passwd >>"$ETC/passwd"; cat /etc/group >>"$ETC/group"
  [ -f "$ROOT/transport" ] || : >"$ROOT/transport"
  [ -f "$ROOT/aliases" ] || : >"$ROOT/aliases"
  touch "$ROOT/extra-main.cf"
  { main_cf | awk -F' *=' 'FILENAME != "-" { own[$1]; next } !($1 in own)' "$ROOT/extra-main.cf" -; cat "$ROOT/extra-main.cf"; } >"$ETC/main.cf"
  master_cf >"$ETC/master.cf"
  postconf -c "$ETC" -h mail_version >/dev/null || die "bad main.cf"
  "$SBIN/postalias" -c "$ETC" "hash:$ROOT/aliases" || die "postalias failed"
}
# alive also knows zombies: in a container PID 1 may reap an ended master only seconds later.
alive() { case $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) in ''|Z*|X*) return 1;; esac; }
mpid() { local p; [ -f "$Q/pid/master.pid" ] || return 1; p=$(tr -dc 0-9 <"$Q/pid/master.pid")
  [ -n "$p" ] && alive "$p" && tr '\0' ' ' <"/proc/$p/cmdline" | grep -qF " $ETC " && echo "$p"; }
start() {
  local p i; p=$(mpid) && die "already running: $p"
  init
  unshare -m --propagation private sh -c "mount --bind '$ETC/passwd' /etc/passwd && mount --bind '$ETC/group' /etc/group &&
    mount --bind '$ETC' /etc/postfix && exec env MAIL_CONFIG='$ETC' '$DAEMONS/master' -c '$ETC' -w" </dev/null ||
    die "master did not start: $(tail -3 "$LOG" 2>/dev/null)"
  for i in $(seq 100); do [ -S "$Q/public/pickup" ] && [ -S "$Q/public/showq" ] && break; sleep .05; done
  mpid >/dev/null || die "master died at once: $(tail -3 "$LOG")"
}
# stop ends the daemons too: they are in master's process group.
stop() {
  local p i; p=$(mpid) || return 0
  kill -TERM "$p"
  for i in $(seq 100); do alive "$p" || break; sleep .05; done
  kill -TERM -- "-$p" 2>/dev/null && { sleep .2; kill -KILL -- "-$p" 2>/dev/null; }
  return 0
}
busy() { find "$Q/maildrop" "$Q/incoming" "$Q/active" -type f 2>/dev/null | grep -q .; }
case $cmd in
start) start;;
stop) stop;;
hold) start && echo ready; cat >/dev/null; stop; rm -rf "$ROOT";;
inject) [ $# -ge 2 ] || die "inject ROOT FROM TO [FILE]"
  "$SBIN/sendmail" -C "$ETC" -i -f "${1:-<>}" -- "$2" <"${3:-/dev/stdin}";;
drain) end=$(( $(date +%s) + ${1:-30} )); n=0
  while [ $n -lt 3 ]; do if busy; then n=0; else n=$((n+1)); fi
    [ "$(date +%s)" -lt $end ] || die "drain: still busy"; sleep .1; done;;
queue) "$SBIN/postqueue" -c "$ETC" -p;;
log) cat "$LOG";;
result) grep -aF " to=<$1>" "$LOG" | grep -a ' status=' | tail -1 | sed 's|^[^]]*\]: ||';;
*) die "unknown command $cmd";;
esac
