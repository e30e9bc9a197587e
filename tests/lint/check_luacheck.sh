# shellcheck shell=bash
# Lua has no unknown global, no unused variable and no shadowed one.
. script/lib.sh
have luacheck || die "luacheck is missing: install Debian's lua-check"
mapfile -t files < <(git ls-files --cached --others --exclude-standard -- '*.lua' | sort -u)
[ "${#files[@]}" -gt 0 ] || die "no Lua was found"
luacheck --quiet --no-color --codes "${files[@]}"
