#!/bin/sh
# git and its helpers, run by their own loader with their own libraries, wherever they are copied.
name=${0##*/}
home=$(CDPATH='' cd "${0%/*}/.." && pwd) || exit 1
program=$home/real/$name
[ -x "$program" ] || program=$home/real/git
export GIT_EXEC_PATH="$home/core" GIT_TEMPLATE_DIR="$home/templates"
exec "$home/lib/ld.so" --library-path "$home/lib" --argv0 "$name" "$program" "$@"
