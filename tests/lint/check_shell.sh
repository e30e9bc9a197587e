# shellcheck shell=bash
# Shell scripts pass shellcheck.
. script/lib.sh
have shellcheck || die "shellcheck is missing: install Debian's shellcheck"
mapfile -t files < <(git ls-files --cached --others --exclude-standard -- script .ci 'tests/*.sh' 'tests/*/run' | grep -v '\.md$' | sort -u)
mapfile -t shell < <(grep -lE '^#!.*(ba)?sh|^# shellcheck shell|lib\.sh' -- "${files[@]}")
shellcheck --shell=bash --external-sources --source-path=SCRIPTDIR --source-path=. -- "${shell[@]}"
