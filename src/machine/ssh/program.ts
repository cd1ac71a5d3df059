/**
 * What runs on the far side: one program for any POSIX shell, so that a small box with busybox will do. It reads
 * requests from stdin and answers on stdout; what a request is about (paths, bytes, words) comes as data in lines of
 * its own, printf %b escapes undone, and never becomes program text.
 *
 * A request is the operation, its path, and what else it takes. An answer is what was found, a line `NONCE |`, the
 * tools' own words, and a line `NONCE STATUS`. The nonce is ours alone, so that no file can look like an answer.
 */
export const program = String.raw`
LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 077
IFS= read -r N || exit
plain() { v=$(printf '%b.' "$1"); v=${'$'}{v%.}; }
word() { IFS= read -r v || exit; plain "$v"; }
data() { D=; while :; do IFS= read -r l || exit; [ "$l" = . ] && break; D=$D$l; done; }
say() { echo "$1" >&2; return 1; }
there() { [ -e "$1" ] || [ -L "$1" ]; }
# A shell's own words for a folder that cannot be entered name no reason.
enter() { cd "$1" 2> /dev/null || { ls -d "$1/." > /dev/null && say 'Permission denied'; }; }
# Into the folder of $p, which stays the same one whatever its name becomes; it must be no link.
inside() {
  f=${'$'}{p%/*}; b=./${'$'}{p##*/}
  enter "${'$'}{f:-/}" || return
  [ "$(stat -c %d:%i "${'$'}{f:-/}")" = "$(stat -c %d:%i .)" ] || say 'Too many levels of symbolic links'
}
file() {
  if [ -d "$1" ]; then say 'Is a directory'
  elif [ -f "$1" ]; then head -c "$2" "$1"
  elif [ -e "$1" ]; then say 'Invalid argument'
  else ls -dL "$1" > /dev/null && say 'No such file or directory'; fi
}
owned() { { [ "$1" = - ] || chown "$1" "$b"; } && chmod "$2" "$b"; }
do_hello() { id -u; id -g; id -un; printf '%s\n' "$HOME"; date +%s; uname -s; }
do_read() { file "$p" "$a"; }
do_list() {
  enter "$p" || return
  ls -a . > /dev/null || return
  for n in * .*; do
    case $n in .|..) continue;; esac
    ! there "$n" || printf '%s\0' "$n"
  done
}
do_folder() {
  enter "$p" || return
  ls -a . > /dev/null || return
  for n in * .*; do
    there "$n" || continue
    ! [ -d "$n" ] || continue
    t=; ! [ -L "$n" ] || t=$(readlink "$n")
    case $B$t in 1) ;; 1*/*) ;; 1*) continue;; esac
    [ ! -e "$n" ] || [ -f "$n" ] || continue
    printf '\n%s f\n%s\0%s %s\0' "$N" "$n" "$(stat -c "$Y" "$n")" "$(stat -L -c "$Y" "$n" 2>&1)"
    file "$n" "$a" 2>&1 || printf '\n%s e' "$N"
  done
}
do_stat() {
  stat -c "%f %u %g %s $Y" "$p" || return
  ! [ -L "$p" ] || readlink "$p"
}
do_create() {
  inside || return
  ! there "$b" || say 'File exists' || return
  set -C
  printf '%b' "$D" | cat > "$b" || return
  # Not every tool says that the disk was full.
  [ "$(wc -c < "$b")" -eq "$C" ] || say 'No space left on device' || return
  owned "$a" "$B" && sync "$b"
}
do_rename() {
  inside || return
  ! [ -d "$b" ] || say 'Is a directory' || return
  mv -f "./$a" "$b" && sync .
}
do_publish() {
  inside || return
  ! there "$b" || say 'File exists' || return
  if ln "./$a" "$b"; then rm -f "./$a"; else ! there "$b" && mv -f "./$a" "$b"; fi && sync .
}
do_remove() {
  inside || return
  if [ -d "$b" ] && ! [ -L "$b" ]; then say 'Is a directory'; return; fi
  there "$b" || { ls -d "$b"; return; }
  rm -f "$b" && sync .
}
do_mkdir() { inside && mkdir "$b" && owned "$a" "$B" && sync .; }
do_rmdir() { inside && rmdir "$b" && sync .; }
do_which() {
  IFS=:
  for f in $PATH; do if [ -f "$f/$p" ] && [ -x "$f/$p" ]; then printf '%s' "$f/$p"; return; fi; done
  say 'No such file or directory'
}
do_resolve() { getent ahosts "$p" || getent hosts "$p"; }
do_lock() {
  case $a in
    [4-9]) ;;
    *) return 2;;
  esac
  # A redirection that fails would end the shell.
  (: >> "$p") || return
  eval "exec $a>>\"\$p\""
  flock -n "$a" || { r=$?; eval "exec $a>&-"; return $r; }
}
do_unlock() { eval "exec $a>&-"; }
# Its output goes to files: a service that it starts may keep them for ever. Its input, which may be secret, does not.
do_run() {
  W=$(mktemp -d) || return
  printf '%b' "$D" | env -i "$@" > "$W/o" 2> "$W/e" 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
  k=$!
  (sleep "$a"; : > "$W/late"; kill -9 $k) > /dev/null 2>&1 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&- &
  s=$!
  wait $k; r=$?
  kill $s
  wait $s
  ! [ -e "$W/late" ] || r=timeout
  printf '%s\n' "$r"
  head -c 1048576 "$W/o"; printf '\n%s e\n' "$N"; head -c 1048576 "$W/e"
  rm -rf "$W"
}
Y=%Y
case $(stat -c %.3Y / 2> /dev/null) in *[0-9].[0-9][0-9][0-9]) Y=%.3Y;; esac
while IFS= read -r op; do
  word; p=$v
  word; a=$v
  word; B=$v
  word; C=$v
  D=
  set --
  case $op in
    create) data;;
    run) while word; [ "$v" != . ]; do set -- "$@" "$v"; done; data;;
    hello|read|list|folder|stat|rename|publish|remove|mkdir|rmdir|which|resolve|lock|unlock) ;;
    *) exit 2;;
  esac
  case $op in
    # The lock is a descriptor of this very shell.
    lock|unlock) E=; do_$op 2> /dev/null; r=$?; printf '\n%s |\n' "$N"; [ $r = 0 ] || (: >> "$p") 2>&1;;
    run) do_run "$@" 2> /dev/null; r=$?; printf '\n%s |\n' "$N";;
    *) exec 3>&1; E=$( (do_$op < /dev/null 2>&1 >&3 3>&-) ); r=$?; printf '\n%s |\n%s' "$N" "$E";;
  esac
  printf '\n%s %s\n' "$N" "$r"
done
`
