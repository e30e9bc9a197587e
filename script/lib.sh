# shellcheck shell=bash
# What the scripts share: where things are, how they speak, how they install.
# Source it first; it changes into the root of the repository.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '%s\n' "$*" >&2; }
die() {
    say "${0##*/}: $*"
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# version_at_least HAVE WANT
version_at_least() { [ "$(printf '%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# Runs a command with its output in build/log/NAME.log, and shows the log if it fails.
# quietly NAME COMMAND...
quietly() {
    local log=build/log/$1.log
    shift
    mkdir -p build/log
    if ! "$@" >"$log" 2>&1; then
        tail -n 200 "$log" >&2
        say "failed: $*"
        say "the whole log is $log"
        return 1
    fi
}

# The Debian packages among the arguments that are not installed, one a line.
packages_missing() {
    dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null |
        awk -v want="$*" '
            $1 == "ii" { found[$2] = 1 }
            END {
                count = split(want, names, " ")
                for (i = 1; i <= count; i++) if (!(names[i] in found)) print names[i]
            }'
}

# Installs the Debian packages among the arguments that are missing.
packages_install() {
    have dpkg-query || die "this machine is not Debian: install what these Debian packages hold, by hand: $*"
    local missing=() as_root=()
    mapfile -t missing < <(packages_missing "$@")
    [ "${#missing[@]}" -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        have sudo || die "packages are missing, and there is no sudo. As root, run: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    say "installing Debian packages: ${missing[*]}"
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3)
    quietly apt-update "${apt[@]}" update || say "warning: package lists could not be refreshed, trying with the old ones"
    quietly apt-install "${apt[@]}" install --no-install-recommends "${missing[@]}" ||
        die "the packages above could not be installed"
}

# Cores to use: all of them, unless MERX_JOBS says otherwise.
jobs_count() { echo "${MERX_JOBS:-$(nproc)}"; }

# The address of a Debian archive, as the user's own apt knows it; empty if it knows none.
debian_mirror() {
    if [ -n "${MERX_DEBIAN_MIRROR:-}" ]; then
        echo "$MERX_DEBIAN_MIRROR"
        return
    fi
    # shellcheck disable=SC2016 # these are apt's own variables
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' 'Component: main' | head -n 1
}
