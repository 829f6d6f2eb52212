#!/usr/bin/env bash
# usage: benches/end_to_end.sh N [--native] [-- FLAGS]
#
# Makes N records (`sameas synth`, one table; --native: exports of fifteen systems), runs `sameas
# dedupe` with a store, measures the result against the truth, and prints two tables in Markdown:
# whole commands, and the stages inside `dedupe`. FLAGS go to dedupe (`-- --max-memory 4G`).
# Builds nothing: SAMEAS names the binary (default target/release/sameas, or that of
# CARGO_TARGET_DIR). Data and results stand in a temporary folder under TMPDIR, which goes away
# unless KEEP=1. Needs python3, and /usr/bin/time (GNU).
set -euo pipefail
cd "$(dirname "$0")/.."

n=${1:?usage: benches/end_to_end.sh N [--native] [-- FLAGS]}
shift
form=--flat
if [ "${1:-}" = --native ]; then form= && shift; fi
if [ "${1:-}" = -- ]; then shift; fi
sameas=${SAMEAS:-${CARGO_TARGET_DIR:-target}/release/sameas}
[ -x "$sameas" ] || { echo "$sameas: no such binary; cargo build --release, or name it in SAMEAS" >&2; exit 2; }
work=$(mktemp -d)
[ "${KEEP:-}" = 1 ] && echo "everything stays in $work" >&2 || trap 'rm -rf "$work"' EXIT

# run NAME COMMAND...: wall and CPU seconds and peak memory (KiB) of a command, into NAME.time.
run() {
    local name=$1
    shift
    /usr/bin/time -o "$work/$name.time" -f '%e %U %S %M' "$@" >"$work/$name.out" 2>"$work/$name.err" ||
        { local code=$?; [ $code = 4 ] || { cat "$work/$name.err" >&2; exit $code; }; }
}

run synth "$sameas" -q synth --records "$n" --seed 1 --out "$work/made" $form
inputs=()
for file in "$work"/made/*; do
    [ "$file" = "$work/made/truth.csv" ] || inputs+=("$file")
done
run dedupe "$sameas" -q --store "$work/store" dedupe "${inputs[@]}" --out "$work/result" "$@"
run evaluate "$sameas" -q --store "$work/store" --format json evaluate --truth "$work/made/truth.csv"

python3 - "$work" "$n" <<'EOF'
import json, pathlib, sys

work, n = pathlib.Path(sys.argv[1]), int(sys.argv[2])


def size(folder):
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())


def table(head, rows):
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print()


def mib(bytes):
    return f"{bytes / 2**20:,.0f} MiB"


made, store, result = (size(work / name) for name in ("made", "store", "result"))
on_disk = {"synth": made, "dedupe": store + result, "evaluate": 0}
rows = []
for name in ("synth", "dedupe", "evaluate"):
    wall, user, system, peak = map(float, (work / f"{name}.time").read_text().split())
    rows.append((name, f"{wall:.2f}", f"{user + system:.2f}", f"{n / max(wall, 0.01):,.0f}",
                 mib(peak * 1024), mib(on_disk[name]) if on_disk[name] else ""))
print(f"{n:,} records\n")
table(("command", "wall, s", "CPU, s", "records/s", "peak memory", "on disk"), rows)

summary = json.loads((work / "result" / "summary.json").read_text())
run, pairs = summary["run"], summary["pairs_scored"]
rows = []
for stage in run["stages"]:
    name, wall = stage["stage"], stage["seconds"]
    cpu, peak = stage.get("cpu_seconds"), stage.get("memory_bytes")
    if name == "total":
        continue
    of_pairs = name == "score"
    rate = (pairs if of_pairs else n) / wall if wall >= 0.001 else 0
    rows.append((name, f"{wall:.2f}", f"{cpu:.2f}" if cpu is not None else "",
                 f"{rate:,.0f} {'pairs' if of_pairs else 'records'}" if rate else "",
                 mib(peak) if peak else ""))
table(("stage", "wall, s", "CPU, s", "a second", "memory"), rows)
measured = json.loads((work / "evaluate.out").read_text())
print(f"Input {mib(made)}, store {mib(store)} ({store / made:.2f} of the input), reports {mib(result)}; "
      f"{pairs:,} pairs scored ({pairs / n:.1f} a record); pairwise F1 {measured['pairwise']['f1']:.4f} "
      f"(precision {measured['pairwise']['precision']:.4f}, recall {measured['pairwise']['recall']:.4f}).")
EOF
