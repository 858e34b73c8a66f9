#!/bin/sh
# record-commit.sh SOURCES FILE: writes the commit of the source tree to FILE, as Swift, where it is not there already.
set -eu
sources=$1
file=$2

commit=unknown
# A tree without a repository of its own may lie within another one.
if top=$(git -C "$sources" rev-parse --show-toplevel 2> /dev/null) && [ "$top" = "$(cd "$sources" && pwd -P)" ] &&
    head=$(git -C "$sources" rev-parse --short=12 HEAD 2> /dev/null); then
    # What is built, and not what is said about it.
    changes=$(git -C "$sources" status --porcelain -- Package.swift Sources 2> /dev/null) || changes=unknown
    commit=$head${changes:++changes}
fi

text="let commit: StaticString = \"$commit\""
# A file that is written anew is compiled anew.
[ -f "$file" ] && [ "$(cat "$file")" = "$text" ] && exit 0
mkdir -p "$(dirname "$file")"
printf '%s\n' "$text" > "$file"
