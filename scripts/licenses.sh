#!/usr/bin/env bash
# Checks the license of every dependency, on every platform and with all features, against the
# list in deny.toml. It needs cargo alone, where `cargo deny check licenses` needs cargo-deny.
#
# Usage: scripts/licenses.sh
set -euo pipefail
cd "$(dirname "$0")/.."

# One line for each crate: its license expression, a bar, its name and version. A crate that has
# no expression gets an empty one, which is refused.
tree=$(cargo tree --locked --quiet --workspace --all-features --target all \
    --edges normal,build,dev --prefix none --format '{l}|{p}' |
    sed -e 's, (\*)$,,' -e '/^$/d' | sort -u)

awk '
# The file deny.toml: the strings between `allow = [` and `]` of the section [licenses].
FNR == NR {
    if ($0 ~ /^\[/) section = $0
    else if (section == "[licenses]" && $0 ~ /^allow = \[/) listed = 1
    else if (listed && $0 ~ /^\]/) listed = 0
    else if (listed && match($0, /"[^"]+"/)) allowed[substr($0, RSTART + 1, RLENGTH - 2)] = 1
    next
}

# SPDX license expressions: OR binds less than AND, AND less than WITH. The slash of old manifests
# is OR.
function either(   good, other) {
    good = all_of()
    while (token[at] == "OR") { at++; other = all_of(); good = good || other }
    return good
}
function all_of(   good, other) {
    good = one()
    while (token[at] == "AND") { at++; other = one(); good = good && other }
    return good
}
function one(   name, good) {
    if (token[at] == "(") {
        at++
        good = either()
        if (token[at] != ")") { broken = 1 }
        at++
        return good
    }
    name = token[at++]
    if (token[at] == "WITH") { name = name " WITH " token[at + 1]; at += 2 }
    return name in allowed
}

{
    bar = index($0, "|")
    expression = substr($0, 1, bar - 1)
    text = expression
    gsub(/\//, " OR ", text)
    gsub(/[()]/, " & ", text)
    delete token
    count = split(text, token, " ")
    token[count + 1] = ""
    at = 1
    broken = 0
    good = either()
    if (!good || broken || at != count + 1) {
        printf "not allowed by deny.toml: \"%s\", the license of %s\n", expression, \
            substr($0, bar + 1)
        refused++
    }
    crates++
}

END {
    if (crates == 0) { print "no crate was found"; exit 1 }
    printf "%d crates, %d with a license that deny.toml does not allow\n", crates, refused
    exit refused > 0
}
' deny.toml - <<<"$tree"
