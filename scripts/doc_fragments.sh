#!/usr/bin/env bash
# Counts doc blocks whose first sentence is a fragment, and fails when they exceed a limit.
#
# A block is a run of `///` or `//!` lines in a `src/` folder of the workspace. It opens with a
# fragment when its first word starts a subordinate clause or a prepositional phrase ("What ...",
# "Whether ...", "Of ..."). The first sentence should be a noun phrase that names the item, or a
# verb in the third person.
#
#   scripts/doc_fragments.sh           the count of each crate and of the workspace
#   scripts/doc_fragments.sh 2         the same; exits with 1 if more than 2 % are fragments
#   scripts/doc_fragments.sh -l [2]    lists the fragments as well, as FILE:LINE: TEXT
set -euo pipefail

list=0
if [ "${1:-}" = -l ]; then
    list=1
    shift
fi
limit=${1:-100}
if ! [[ $limit =~ ^[0-9]+([.][0-9]+)?$ ]]; then
    echo "usage: $0 [-l] [LIMIT], where LIMIT is a percentage" >&2
    exit 2
fi

cd "$(dirname "$0")/.."
for folder in src crates/*/src; do
    find "$folder" -name '*.rs'
done | LC_ALL=C sort | LC_ALL=C awk -v list="$list" -v limit="$limit" '
    BEGIN {
        opening = "what whatever what'\''s whether which whichever how however where wherever" \
            " when whenever who whom whose why that those than then because until unless while" \
            " although though since of from as in into at on by with without within for to" \
            " under over beside besides also and or but so nor"
        count = split(opening, words, " ")
        for (i = 1; i <= count; i++) fragment_word[words[i]] = 1
    }
    # Each input line is the path of a source file.
    {
        path = $0
        crate = path
        if (!sub("^crates/", "", crate)) crate = "(root)"
        sub("/src/.*", "", crate)
        if (!(crate in blocks)) {
            order[++crates] = crate
            blocks[crate] = 0
            fragments[crate] = 0
        }
        previous = ""
        counted = 0
        number = 0
        while ((status = (getline line < path)) > 0) {
            number++
            sub("^[ \t]+", "", line)
            marker = substr(line, 1, 3)
            # Four slashes are no doc comment.
            if ((marker != "///" && marker != "//!") || substr(line, 1, 4) == "////") {
                previous = ""
                continue
            }
            if (marker != previous) counted = 0
            previous = marker
            text = substr(line, 4)
            sub("^[ \t]+", "", text)
            if (counted || text == "") continue
            # The first line with text of a block.
            counted = 1
            blocks[crate]++
            word = tolower(text)
            sub("[ \t].*", "", word)
            gsub("^[*_(\"[]+|[*_)\"\\].,:;!?]+$", "", word)
            if (word in fragment_word) {
                fragments[crate]++
                if (list) printf "%s:%d: %s\n", path, number, text
            }
        }
        if (status < 0) {
            printf "cannot read %s\n", path > "/dev/stderr"
            failed = 1
            exit 2
        }
        close(path)
    }
    END {
        if (failed) exit 2
        printf "%-12s %6s %9s %8s\n", "crate", "blocks", "fragments", "percent"
        for (i = 1; i <= crates; i++) {
            crate = order[i]
            row(crate, blocks[crate], fragments[crate])
            all += blocks[crate]
            found += fragments[crate]
        }
        row("all", all, found)
        if (100 * found > limit * all) {
            printf "more than %s %% of the doc blocks open with a fragment; " \
                "list them with scripts/doc_fragments.sh -l\n", limit > "/dev/stderr"
            exit 1
        }
    }
    function row(name, total, part) {
        printf "%-12s %6d %9d %7.1f%%\n", name, total, part, total ? 100 * part / total : 0
    }
'
