# shellcheck shell=bash
# C is laid out as clang-format lays it out.
. script/lib.sh
have clang-format || die "clang-format is missing: install Debian's clang-format"
mapfile -t files < <(git ls-files --cached --others --exclude-standard -- 'core/*.[ch]' 'tests/*.[ch]' | sort -u)
[ "${#files[@]}" -gt 0 ] || die "no C was found"
clang-format --dry-run -Werror "${files[@]}" 2>&1 | awk -F : '
    / error: / && !seen[$1]++ { printf "%s:%s: run clang-format -i %s\n", $1, $2, $1 }
    END { exit length(seen) > 0 }'
