# shellcheck shell=bash
# A Node for tests in a browser; source it after lib.sh. Merx itself needs none.

NODE_MIN=20

node_fits() { have node && version_at_least "$(node --version | tr -d v)" "$NODE_MIN"; }

# Without a Node that is new enough, the npm package that holds one is fetched: a plain program, no install script.
node_provide() {
    local kind=x64
    [ -x build/npm/node/bin/node ] && PATH=$PWD/build/npm/node/bin:$PATH
    ! node_fits || return 0
    packages_install npm
    case $(uname -m) in aarch64) kind=arm64 ;; esac
    say "fetching Node 22"
    mkdir -p build/npm/node-package build/npm/node/bin
    quietly npm-node npm install --no-save --no-audit --no-fund --prefix build/npm/node-package "node-linux-$kind@22" ||
        die "Node $NODE_MIN or newer is needed and could not be fetched: install it and run again"
    ln -sf "$PWD/build/npm/node-package/node_modules/node-linux-$kind/bin/node" build/npm/node/bin/node
    PATH=$PWD/build/npm/node/bin:$PATH
    node_fits || die "the Node that was fetched does not run here"
}

# node_prepare FOLDER: puts a Node into PATH, installs what FOLDER/package-lock.json names into build/npm, and lets
# FOLDER find it as its node_modules.
node_prepare() {
    local sum
    node_provide
    export PATH
    sum=$(sha256sum "$1/package-lock.json" | cut -c 1-64)
    if [ "$(cat build/npm/SHA256 2>/dev/null)" != "$sum" ]; then
        have npm || packages_install npm
        mkdir -p build/npm
        cp "$1/package.json" "$1/package-lock.json" build/npm/
        quietly npm-ci npm ci --ignore-scripts --no-audit --no-fund --prefix build/npm ||
            die "the packages of $1/package.json could not be fetched"
        echo "$sum" >build/npm/SHA256
    fi
    ln -sfn "$PWD/build/npm/node_modules" "$1/node_modules"
}
