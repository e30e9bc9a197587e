# shellcheck shell=bash
# shellcheck disable=SC2154 # what script/bench sets, which sources this
# What plugins do to those who only want to buy: while they are switched on and off, while they mean harm, while one is
# written at a desk.

load_rate=1000 # a second: a twentieth of what the closed loop takes

# loaded SECONDS [PATH EVERY_MS]: the mix at that rate, as JSON.
loaded() {
    "$work/mix" "$port" "$pid" "$work/targets" 64 "$1" "$load_rate" 10 known "${@:2}"
}

warm() { "$work/mix" "$port" "$pid" "$work/targets" 64 1 0 10 >/dev/null; }

quantiles() { # JSON
    printf 'p50 %s p99 %s p99.9 %s ms' "$(calc "$(field "$1" p50_ms all)" 2)" "$(calc "$(field "$1" p99_ms all)" 2)" \
        "$(calc "$(field "$1" p999_ms all)" 1)"
}

# beside_calm NAME CALM RESULT TIMES: the 99th percentile, and that of a moment before in which nothing happened.
beside_calm() {
    local ratio
    ratio=$(calc "$(field "$3" p99_ms all) / $(field "$2" p99_ms all)" 2)
    row "$1" "$(quantiles "$3")" "calm: p99 $(calc "$(field "$2" p99_ms all)" 2) ms" "$ratio" "p99 ≤ $4 × calm" "$ratio" "<=" "$4"
}

# lay FOLDER ID: a plugin of tests/bench into a shop.
lay() {
    mkdir -p "$1/plugins/$2"
    cp -r "tests/bench/${2#bench.}/." "$1/plugins/$2/"
}

# Has a plugin switched off and on until the load is over, a second between.
switch_often() { # DATA LOAD_PID
    local verb=disable
    while kill -0 "$2" 2>/dev/null; do
        tool "$1" plugin "$verb" bench.tier >>"$work/switches" 2>&1 || echo "failed" >>"$work/switches"
        if [ $verb = disable ]; then verb=enable; else verb=disable; fi
        sleep 1
    done
}

measure_switch() {
    local data=$work/switched calm result load count
    cp -r "$shop" "$data"
    lay "$data" bench.tier
    serve "$data" 2 "$all_cores"
    warm
    calm=$(loaded "$seconds")
    loaded "$seconds" >"$work/loaded" &
    load=$!
    switch_often "$data" "$load"
    wait "$load" || die "a connection was lost while plugins were switched"
    result=$(cat "$work/loaded")
    stop
    count=$(grep -c 'as generation' "$work/switches")
    ! grep -q '^failed' "$work/switches" || say "warning: a switch failed: $(tail -n 3 "$work/switches")"
    row "failed requests in $count switches" "$(field "$result" failed) of $((load_rate * seconds))" "" "" "0" \
        "$(calc "$(field "$result" failed) == 0 && $count > 0" 0)" == 1
    beside_calm "$load_rate/s, a switch each second" "$calm" "$result" 3
    rm -rf -- "$data"
}

# The plugin's route is asked ten times a second; its price rule and its job loop whenever they are asked. A handler that
# always fails rests for half a minute after five calls: those are in the 10 s that are measured.
measure_hostile() {
    local data=$work/beset calm kind result
    cp -r "$shop" "$data"
    serve "$data" 2 "$all_cores"
    warm
    calm=$(loaded "$seconds")
    stop
    lay "$data" bench.hostile
    for kind in always sly; do
        serve "$data" 2 "$all_cores"
        warm
        result=$(loaded $((seconds * 2)) "/apps/bench.hostile/$kind" 100)
        warn_of_failures "$result"
        beside_calm "$load_rate/s beside harm, $kind" "$calm" "$result" 2
        stop
    done
    rm -rf -- "$data"
}

# until_shown PATH TEXT: asks for the page again and again; fails when it takes too long.
until_shown() {
    local ends=$((SECONDS + 5))
    until curl -sf -H 'Host: bench.test' "http://127.0.0.1:$port$1" | grep -qF -- "$2"; do
        [ $SECONDS -lt $ends ] || return 1
    done
}

# Each time another price is saved, at another moment between two looks at the files.
measure_dev() {
    local data=$work/desk source path list=() i begin ms
    cp -r "$shop" "$data"
    lay "$data" bench.desk
    source=$data/plugins/bench.desk/src/rules.lua
    path=/products/$(first_product 500)
    serve "$data" 2 "$all_cores" --dev
    until_shown "$path" 7,700.00 || die "the price of the plugin is not shown at $path"
    for i in 1 2 3 4 5 6 7 8 9; do
        sleep "0.3$i"
        sed "s/770000/770${i}00/" tests/bench/desk/src/rules.lua >"$work/rules.lua"
        begin=${EPOCHREALTIME/./}
        cp "$work/rules.lua" "$source"
        until_shown "$path" "7,70$i.00" || die "a saved price is not shown at $path"
        list+=($(((${EPOCHREALTIME/./} - begin) / 1000)))
    done
    stop
    rm -rf -- "$data"
    ms=$(printf '%s\n' "${list[@]}" | sort -n | sed -n 5p)
    row "merx dev: saved to shown" "$ms ms (of ${list[*]})" "" "" "≤ 200 ms" "$ms" "<=" 200
}
