"""What commands print, byte for byte; `pytest --write-gold` writes it anew, so look at its diff."""

import hashlib
import shlex
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from replay.cli import main

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
GOLD = DATA / "gold" / "commands"
LINKS = {
    "databases": DATA / "databases",
    "examples": ROOT / "patches" / "examples",
    "native": DATA / "native",
    "patches": ROOT / "patches",
    "recordings": DATA / "recordings",
    "toy": ROOT / "tests" / "toy",
}
"""What a command finds where it runs, beside the files of tests/data/input."""

COMMANDS = (
    *("verify", "backup", "migrate", "run", "check", "bisect", "explain", "conform", "diff"),
    *("graph", "import", "logs", "log", "export", "variants", "show", "annotate", "record"),
    *("reproduce", "shrink", "hunt", "cover", "touched", "checkout", "am", "help", "explore"),
)

CASES = {
    # The words of each command line, in its own database. Several stand one after the other.
    "help": "--help",
    "help-none": "",
    **{f"help-{command}": f"{command} --help" for command in COMMANDS},
    "help-topics": "help; help revisions; help events; help checks; help baselines",
    "help-about-a-command": "help am; help nix",
    # The store
    "import-native": "import yard.jsonl same.jsonl; logs; log yard; log same",
    "import-twice": "import yard.jsonl; import yard.jsonl",
    "import-taken": "import same.jsonl; import taken.jsonl",
    "import-under-a-name": "import yard.jsonl --log other; logs",
    "import-several-in-a-file": "import several.jsonl; logs; log several.jsonl",
    "import-several-files-one-log": (
        "import recordings/02-libvirt-qemu-domain.log recordings/01-libvirtd-debug-qmp.log.xz"
        " --log demo; logs; log demo"
    ),
    "import-trace-beside-traffic": (
        "import recordings/05-snapshot-on-none.qmp.jsonl.xz"
        " recordings/05-snapshot-on-none.trace.log --log both; log both"
    ),
    "import-nothing-happens": "import recordings/05-snapshot-on-none.trace.log",
    "import-drive": (
        "import recordings/11-qmp-shell-v-p.txt --format qmp-shell --log shell"
        " --drive id=drive0,file=/d/a.qcow2,format=qcow2,size=64M; log shell"
    ),
    "import-bad-drive": "import recordings/11-qmp-shell-v-p.txt --drive size=wide",
    "import-secret": "import secret.jsonl; log secret",
    "import-hostile": "import hostile.jsonl; logs; log hostile; run hostile; diff hostile; export",
    "import-dry-run": "import --dry-run recordings/05-snapshot-on-none.qmp.jsonl.xz; logs",
    "import-dry-run-translated": (
        "import --dry-run recordings/01-drive-snapshots-active-commit.qmp.jsonl.xz"
    ),
    "import-dry-run-untranslated": "import --dry-run recordings/15-qemu-trace-log-backend.log.xz",
    "import-dry-run-domain": "import --dry-run recordings/02-libvirt-qemu-domain.log",
    "import-dry-run-libvirtd": "import --dry-run recordings/01-libvirtd-debug-qmp.log.xz",
    "import-dry-run-socat": "import --dry-run recordings/13-socat-v.txt",
    "import-dry-run-qmp-shell": "import --dry-run recordings/11-qmp-shell-v-p.txt",
    "import-dry-run-native": "import --dry-run yard.jsonl several.jsonl",
    "import-traffic": "import recordings/10-storage-daemon.qmp.jsonl.xz; log 10-storage-daemon",
    "import-throttle": "import recordings/08-throttle-eject-change.qmp.jsonl.xz;"
    " log 08-throttle-eject-change",
    "import-no-file": "import no.jsonl",
    "import-empty-file": "import empty.jsonl",
    "import-unknown-form": "import words.log",
    "import-unknown-format": "import yard.jsonl --format xml",
    "import-wrong-format": "import yard.jsonl --format libvirtd",
    "import-broken-line": "import same.jsonl broken.jsonl; logs",
    "import-one-name-for-several": "import several.jsonl --log x; log x",
    "import-unknown-monitor": "import recordings/01-libvirtd-debug-qmp.log.xz --monitor nix",
    "import-without-files": "import",
    "logs-none": "logs",
    "log-file": "log examples/lost-below.jsonl; logs",
    "log-recorded-outcomes": "log recordings/03-block-stream.qmp.jsonl.xz",
    "log-unknown": "import yard.jsonl; log yad; log nix",
    "export-native": "import yard.jsonl same.jsonl several.jsonl; export; export first yard",
    "export-recording": (
        "import recordings/07-transaction-rollback.qmp.jsonl.xz; export 07-transaction-rollback"
    ),
    "export-file": "import yard.jsonl; export -o yard.out; cat yard.out; import yard.out",
    "export-unknown": "export nix",
    "export-no-place": "import yard.jsonl; export -o no/such/place",
    "verify-sound": "import yard.jsonl same.jsonl; verify; verify same",
    "verify-none": "verify",
    "verify-unknown": "verify nix",
    "verify-damaged": (
        "import yard.jsonl same.jsonl; sql replay.db 'DROP TRIGGER events_no_UPDATE';"
        ' sql replay.db \'UPDATE events SET name = "ringx" WHERE name = "ring"\';'
        " verify; verify same"
    ),
    "backup": "import yard.jsonl; backup copy.db; --db copy.db logs; backup copy.db",
    "backup-no-place": "import yard.jsonl; backup no/copy.db",
    "migrate-new": "migrate; migrate",
    "migrate-0001": "cp databases/0001.sqlite old.db; --db old.db migrate; --db old.db logs",
    "migrate-0003": "cp databases/0003.sqlite old.db; --db old.db logs; --db old.db migrate",
    "migrate-0004": "cp databases/0004.sqlite old.db; --db old.db verify; --db old.db logs",
    "database-is-a-file": "--db yard.jsonl logs",
    "database-is-a-directory": "--db toy logs",
    "database-of-another-kind": "--db nosuchkind://x logs",
    # The model
    "variants": "variants",
    "variants-long": "variants --long",
    "variants-toy": "--patches toy variants --long",
    "variants-own": (
        "--variant mine=after-8bfea15d --variant fixed=after+fixed.patch"
        " --variant early=before variants"
    ),
    "variant-without-expression": "--variant mine variants",
    "variant-twice": "--variant mine=before --variant mine=after variants",
    "variant-of-unknown": "--variant mine=befor variants",
    "variant-with-a-taken-name": "--variant after=before variants",
    "variant-with-a-reserved-name": "--variant qemu=before variants",
    "subject-unknown": "--patches no variants",
    "variants-applies": "variants --applies fixed.patch; variants --applies 7e3d98dd",
    "variants-applies-nothing": (
        "variants --applies no.patch; variants --applies 1234567; variants --applies nodiff.patch"
    ),
    "diff-patch-taken": (
        "diff --quiet with with+7e3d98dd examples/deleted-overlay.jsonl;"
        " diff with before+7e3d98dd same.jsonl; diff with after+7e3d98dd same.jsonl"
    ),
    "checkout-errors": "checkout toy; checkout new nix; am toy; am nix -o new",
    "show-function": "show after:bdrv_append",
    "show-function-before": "show before:bdrv_append",
    "show-toy": "--patches toy show after",
    "show-revision": "show 4ddc07ca:bdrv_swap",
    "show-whole": "show after",
    "show-group": "show b1e6fc08^:bdrv_open",
    "show-commit-inside-a-group": "show 87a5debd:bdrv_open; show be028adc:bdrv_open",
    "show-added-patch": "show after+fixed.patch:bdrv_append_temp_snapshot",
    "show-unknown-function": "show after:bdrv_appendd; show after:nix",
    "show-unknown-revision": "show afte; show 1234567; show 12345",
    "annotate": "annotate stream.py@after",
    "annotate-toy": "--patches toy annotate yard.py@after; --patches toy annotate shunting.py@with",
    "annotate-added-patch": "--patches toy annotate yard.py@after+light.patch",
    "annotate-no-revision": "annotate block.py",
    "annotate-unknown-file": "annotate blok.py@after",
    # One variant
    "run": "run examples/lost-backing.jsonl",
    "run-side-by-side": (
        "run with after examples/deleted-overlay.jsonl --only-changes;"
        " --patches toy run before..after yard.jsonl --until 4"
    ),
    "run-only-changes": "run examples/deleted-overlay.jsonl --only-changes --at after",
    "run-words": (
        "run after examples/snapshot-on.jsonl --until 1; import after.jsonl;"
        " --patches toy run after;"
        " run with nix examples/snapshot-on.jsonl; run with recorded examples/snapshot-on.jsonl;"
        " run with after examples/snapshot-on.jsonl --format json;"
        " run with after examples/snapshot-on.jsonl --at after; run"
    ),
    "run-before": "run examples/lost-backing.jsonl --at before",
    "run-overlay": "run examples/deleted-overlay.jsonl --until 5",
    "run-mirror": "run examples/deleted-mirror.jsonl --at after",
    "run-json": "run examples/deleted-overlay.jsonl --format json --until 5 --at 7e3d98dd",
    "run-json-whole": "run native/07c_commit_intermediate2.jsonl --format json",
    "run-md": "run examples/deleted-overlay.jsonl --format md --at with --until 5",
    "run-html": "run examples/snapshot-on.jsonl --format html --at with",
    "run-toy": "--patches toy run yard.jsonl",
    "run-toy-json": "--patches toy run yard.jsonl --format json --at with",
    "run-toy-md": "--patches toy run yard.jsonl --format md --until 12",
    "run-nothing": "--patches toy run nothing.jsonl",
    "run-traffic": "run recordings/15-qemu-trace-log-backend.log.xz",
    "run-translated": "run recordings/01-drive-snapshots-active-commit.qmp.jsonl.xz --at after",
    "run-crash": "run examples/snapshot-on.jsonl --at after+crash.patch",
    "run-limit": "run examples/snapshot-on.jsonl --at after+endless.patch",
    "run-file": "run examples/snapshot-on.jsonl --until 1 -o told.txt; cat told.txt",
    "run-renamed": "import same.jsonl; --patches toy run taken.jsonl; logs",
    "run-no-log": "run",
    "run-unknown-log": "run nix; run ./nix.jsonl",
    "run-unknown-variant": "run examples/snapshot-on.jsonl --at afte",
    "run-unknown-event": "run examples/snapshot-on.jsonl --until 9",
    "run-wrong-number": "run examples/snapshot-on.jsonl --until y",
    "run-wrong-format": "run examples/snapshot-on.jsonl --format xml",
    "run-several": "--patches toy run several.jsonl; --patches toy run second",
    "graph-svg": "graph examples/deleted-mirror.jsonl --seq 5",
    "graph-dot": "graph examples/deleted-mirror.jsonl --seq 5 --format dot",
    "graph-dot-with": "graph examples/deleted-overlay.jsonl --at with --format dot",
    "graph-toy": "--patches toy graph long.jsonl; --patches toy graph long.jsonl --format dot",
    "graph-nothing": "--patches toy graph nothing.jsonl --format dot",
    "graph-unknown-event": "graph examples/snapshot-on.jsonl --seq 9",
    "check": "check examples/deleted-overlay.jsonl",
    "check-holds": "check examples/lost-backing.jsonl",
    "check-with": "check examples/snapshot-on.jsonl --at with",
    "check-data-lost": "check examples/lost-backing.jsonl --at before",
    "check-json": "check examples/snapshot-on.jsonl --format json",
    "check-md": "check examples/deleted-overlay.jsonl --bisect --format md; import yard.jsonl"
    " examples/lost-backing.jsonl; check lost-backing examples/snapshot-on.jsonl --format md",
    "check-bisect": "check examples/deleted-overlay.jsonl --bisect",
    "check-bisect-json": "check examples/snapshot-on.jsonl --bisect --format json",
    "check-all": (
        "import examples/snapshot-on.jsonl examples/lost-backing.jsonl"
        " examples/deleted-mirror.jsonl; check --all --at after; check dele*; check x*"
    ),
    "check-own": "check examples/snapshot-on.jsonl --checks closed.py",
    "check-toy": "--patches toy check yard.jsonl",
    "check-no-checks": "check examples/snapshot-on.jsonl --checks nochecks.py",
    "check-no-file": "check examples/snapshot-on.jsonl --checks no.py",
    "check-nothing": "check; check --all",
    # Two variants and more
    "diff": "diff examples/deleted-overlay.jsonl",
    "diff-lost-data": "diff examples/lost-backing.jsonl",
    "diff-never-existed": "diff examples/deleted-backup.jsonl",
    "diff-other-data": "diff with..after examples/unprotected-medium.jsonl",
    "diff-two": "diff with after examples/snapshot-on.jsonl",
    "diff-range": "diff before..with examples/snapshot-on.jsonl",
    "diff-parent": "diff 7e3d98dd^..7e3d98dd examples/deleted-base.jsonl",
    "diff-same": "diff after..b1e6fc08 native/01a_open_qcow2.jsonl; diff after after same.jsonl",
    "diff-many-variants": "diff base before 4ddc07ca with after examples/lost-below.jsonl",
    "diff-without-a-patch": "diff after after-8bfea15d examples/deleted-overlay.jsonl",
    "diff-without-a-needed-patch": "diff after after-4ddc07ca examples/deleted-overlay.jsonl",
    "diff-added-patch": "diff after after+fixed.patch examples/unprotected-medium.jsonl",
    "diff-added-mail": "diff after after+mail.patch examples/snapshot-on.jsonl",
    "diff-added-two": (
        "diff after after+mail.patch+fixed.patch examples/snapshot-on.jsonl --only mail.patch"
    ),
    "diff-added-json": (
        "diff after after+fixed.patch examples/unprotected-medium.jsonl --format json"
    ),
    "diff-crash": "diff after after+crash.patch examples/snapshot-on.jsonl",
    "diff-limit": "diff after after+endless.patch examples/snapshot-on.jsonl",
    "diff-limit-json": (
        "diff after after+endless.patch examples/snapshot-on.jsonl --format json --no-attribution"
    ),
    "diff-named": (
        "--variant fixed=after+fixed.patch diff --quiet after fixed"
        " examples/unprotected-medium.jsonl"
    ),
    "diff-quiet": "diff --quiet examples/deleted-overlay.jsonl examples/lost-backing.jsonl",
    "diff-details": "diff --details examples/lost-backing.jsonl",
    "diff-no-attribution": "diff --no-attribution examples/snapshot-on.jsonl",
    "diff-json": "diff --format json examples/deleted-overlay.jsonl",
    "diff-md": "diff --format md examples/deleted-overlay.jsonl",
    "diff-md-two-logs": (
        "diff with after --format md examples/snapshot-on.jsonl examples/lost-below.jsonl"
    ),
    "diff-html": "diff --format html examples/deleted-overlay.jsonl",
    "diff-html-toy": "--patches toy diff --format html long.jsonl same.jsonl -o p.html; cat p.html",
    "diff-only": "diff --only 7e3d98dd examples/deleted-overlay.jsonl",
    "diff-except": "diff --except 7e3d98dd,8bfea15d examples/deleted-overlay.jsonl",
    "diff-only-nothing": "--patches toy diff short.jsonl --only aaaa1111",
    "diff-interactions": (
        "diff with after --interactions examples/snapshot-on.jsonl --only 7e3d98dd"
    ),
    "diff-interactions-toy": "--patches toy diff --interactions long.jsonl",
    "diff-interactions-json": "diff with after --interactions --format json"
    " examples/snapshot-on.jsonl --only 7e3d98dd",
    "diff-baseline": "diff --baseline known.jsonl examples/snapshot-on.jsonl",
    "diff-write-baseline": (
        "diff examples/lost-backing.jsonl --write-baseline new.jsonl; cat new.jsonl;"
        " diff examples/lost-backing.jsonl --baseline new.jsonl;"
        " diff examples/snapshot-on.jsonl --baseline new.jsonl"
    ),
    "diff-all": (
        "import examples/snapshot-on.jsonl examples/lost-backing.jsonl native/01a_open_qcow2.jsonl"
        " examples/deleted-overlay.jsonl; diff --all; diff --all --quiet; diff dele* --quiet"
    ),
    "diff-all-toy": (
        "import short.jsonl long.jsonl same.jsonl; --patches toy diff --all;"
        " --patches toy diff --all --details; --patches toy diff s*;"
        " --patches toy diff --all --format json; --patches toy diff --all --format md"
    ),
    "diff-all-baseline-toy": (
        "import short.jsonl long.jsonl same.jsonl;"
        " --patches toy diff --all --write-baseline new.jsonl; cat new.jsonl;"
        " --patches toy diff --all --baseline new.jsonl;"
        " --patches toy diff short --baseline new.jsonl"
    ),
    "diff-toy": "--patches toy diff yard.jsonl",
    "diff-toy-details": "--patches toy diff long.jsonl --details",
    "diff-toy-added-patch": (
        "--patches toy diff after after+light.patch same.jsonl yard.jsonl;"
        " --patches toy diff before after+brake.patch long.jsonl --only brake.patch"
    ),
    "diff-toy-json": "--patches toy diff long.jsonl --format json",
    "diff-dashes": (
        "import after.jsonl; --patches toy diff --quiet -- after;"
        " --patches toy diff before with -- after"
    ),
    "diff-nothing-happens": "--patches toy diff nothing.jsonl",
    "diff-recorded": "diff recorded after recordings/07-transaction-rollback.qmp.jsonl.xz",
    "diff-recorded-between": (
        "diff before recorded after recordings/01-drive-snapshots-active-commit.qmp.jsonl.xz"
    ),
    "diff-recorded-json": (
        "diff recorded before recordings/07-transaction-rollback.qmp.jsonl.xz --format json"
    ),
    "diff-recorded-md": "diff recorded after recordings/03-block-stream.qmp.jsonl.xz --format md",
    "diff-recorded-html": (
        "diff recorded before recordings/07-transaction-rollback.qmp.jsonl.xz --format html"
    ),
    "diff-recorded-quiet": (
        "diff --quiet recorded after recordings/05-snapshot-on-none.qmp.jsonl.xz"
        " recordings/08-throttle-eject-change.qmp.jsonl.xz recordings/13-socat-v.txt"
    ),
    "diff-recorded-nothing": "diff recorded after examples/snapshot-on.jsonl",
    "diff-translated": "diff with after recordings/10-storage-daemon.qmp.jsonl.xz",
    "diff-domain": "diff recordings/02-libvirt-qemu-domain.log",
    "diff-no-log": "diff; diff --all; diff before after",
    "diff-one-variant": (
        "diff after examples/snapshot-on.jsonl; diff after nix examples/snapshot-on.jsonl"
    ),
    "diff-unknown-variant": (
        "diff befor after examples/snapshot-on.jsonl; diff 1234567..after same.jsonl"
    ),
    "diff-unknown-log": "import same.jsonl; diff sane; diff x*; diff ./no.jsonl",
    "diff-no-patch": "diff after after+no.patch examples/snapshot-on.jsonl",
    "diff-patch-conflicts": (
        "diff after after+conflict.patch same.jsonl; diff before before+fixed.patch same.jsonl"
    ),
    "diff-patch-for-no-file": "diff after after+nofile.patch same.jsonl",
    "diff-patch-without-diff": "diff after after+nodiff.patch same.jsonl",
    "diff-patch-with-while": "diff after after+while.patch same.jsonl",
    "diff-unknown-patch-left-out": "diff after after-1234567 same.jsonl",
    "diff-unknown-only": (
        "diff examples/snapshot-on.jsonl --only 1234567;"
        " diff examples/snapshot-on.jsonl --only my.patch"
    ),
    "diff-exclusive-options": (
        "diff --quiet --only 7e3d98dd same.jsonl; diff --no-attribution --baseline x same.jsonl;"
        " import same.jsonl; diff --all --interactions"
    ),
    "diff-no-baseline": (
        "diff same.jsonl --baseline no.jsonl; diff same.jsonl --baseline same.jsonl"
    ),
    "diff-no-place": "--patches toy diff same.jsonl -o no/out.txt",
    # Causes
    "bisect": "bisect examples/deleted-overlay.jsonl",
    "bisect-json": "bisect examples/deleted-overlay.jsonl --format json",
    "bisect-md": "bisect examples/deleted-overlay.jsonl --format md; bisect"
    " examples/lost-backing.jsonl base..after --check written_data_stays --format md",
    "bisect-flag": "bisect examples/snapshot-on.jsonl before..with",
    "bisect-outcome": "bisect examples/lost-backing.jsonl --outcome 7",
    "bisect-outcome-json": "bisect examples/lost-backing.jsonl --outcome 7 --format json",
    "bisect-field": "bisect examples/deleted-overlay.jsonl --field drive0.open_flags",
    "bisect-field-flag": (
        "bisect examples/snapshot-on.jsonl before..with"
        " --field drive0.backing_hd.open_flags.TEMPORARY"
    ),
    "bisect-file": "bisect examples/deleted-mirror.jsonl --file /images/copy.qcow2",
    "bisect-check": "bisect examples/lost-backing.jsonl base..after --check written_data_stays",
    "bisect-check-json": (
        "bisect examples/deleted-overlay.jsonl --check images_stay --format json"
    ),
    "bisect-all": "bisect examples/snapshot-on.jsonl base..after --all --field drive0.open_flags",
    "bisect-added-patch": (
        "bisect examples/unprotected-medium.jsonl after..after+fixed.patch"
        " --field /images/second.qcow2.data"
    ),
    "bisect-toy": "--patches toy bisect long.jsonl; --patches toy bisect long.jsonl --format json",
    "bisect-errors": (
        "bisect examples/lost-backing.jsonl --check image_stays;"
        " bisect examples/lost-backing.jsonl --outcome 9;"
        " bisect examples/lost-backing.jsonl --field drive0.open_flag;"
        " bisect examples/lost-backing.jsonl --field drive0.open_flags.TEMPORAR;"
        " bisect examples/lost-backing.jsonl --file /images/bas.qcow2;"
        " bisect examples/lost-backing.jsonl --file x --field y;"
        " bisect examples/lost-backing.jsonl after;"
        " bisect examples/lost-backing.jsonl after..after;"
        " bisect examples/lost-backing.jsonl after..before"
    ),
    "bisect-unchanged": "bisect examples/lost-backing.jsonl --field drive0.filename",
    "explain-field": "explain examples/lost-backing.jsonl drive0.filename",
    "explain-field-json": "explain examples/lost-backing.jsonl drive0.filename --format json",
    "explain-md": "explain examples/lost-backing.jsonl drive0.filename with..after --format md",
    "explain-flag-md": (
        "explain examples/snapshot-on.jsonl drive0.open_flags.TEMPORARY with..after --format md"
    ),
    "explain-flag": (
        "explain examples/snapshot-on.jsonl drive0.backing_hd.open_flags.TEMPORARY --at with"
    ),
    "explain-flags": "explain examples/snapshot-on.jsonl drive0.open_flags --at with",
    "explain-node": "explain examples/lost-backing.jsonl drive0.backing_hd before..with",
    "explain-node-json": (
        "explain examples/lost-backing.jsonl drive0.backing_hd before..with --format json"
    ),
    "explain-same-cause": "explain examples/lost-backing.jsonl drive0.filename with..after",
    "explain-file": "explain examples/deleted-overlay.jsonl /images/overlay.qcow2 with..after",
    "explain-file-json": (
        "explain examples/deleted-overlay.jsonl /images/overlay.qcow2 --format json"
    ),
    "explain-outcome": "explain examples/lost-backing.jsonl --seq 7 --at before",
    "explain-outcome-range": "explain examples/lost-backing.jsonl --seq 7 before..after",
    "explain-outcome-json": (
        "explain examples/refused-commit.jsonl --seq 5 before..after --format json"
    ),
    "explain-at-event": "explain examples/deleted-overlay.jsonl drive0.backing_hd --seq 2",
    "explain-range-json": (
        "explain examples/snapshot-on.jsonl drive0.read_only before..after --format json"
    ),
    "explain-crash": "explain examples/snapshot-on.jsonl --seq 2 --at after+crash.patch",
    "explain-toy": (
        "--patches toy explain long.jsonl 7.behind.marks; --patches toy explain yard.jsonl"
        " --seq 15; --patches toy explain yard.jsonl ledger"
    ),
    "explain-errors": (
        "explain examples/lost-backing.jsonl; explain examples/lost-backing.jsonl drive0.open_flag;"
        " explain examples/lost-backing.jsonl drive1;"
        " explain examples/lost-backing.jsonl drive0 drive1;"
        " explain examples/lost-backing.jsonl drive0 --seq 8;"
        " explain examples/lost-backing.jsonl drive0 before..after --at with;"
        " explain nix drive0"
    ),
    # The real program
    "conform": "conform traces",
    "conform-at": "conform traces --at with; conform traces --at before; conform traces --at nix",
    "conform-json": "conform traces --format json",
    "conform-md": "conform damaged --format md; conform damaged -v --format md",
    "conform-recording-md": (
        "conform recordings/01-drive-snapshots-active-commit.qmp.jsonl.xz --format md"
    ),
    "conform-disagrees": "conform damaged",
    "conform-verbose": "conform damaged -v",
    "conform-disagrees-json": "conform damaged --format json",
    "conform-wrong-directory": "conform toy",
    "conform-recording": "conform recordings/01-drive-snapshots-active-commit.qmp.jsonl.xz",
    "conform-recording-at": (
        "conform recordings/07-transaction-rollback.qmp.jsonl.xz --at after;"
        " conform 07-transaction-rollback --at with"
    ),
    "conform-recording-json": (
        "conform recordings/01-drive-snapshots-active-commit.qmp.jsonl.xz --format json"
    ),
    "conform-storage-daemon": "conform recordings/10-storage-daemon.qmp.jsonl.xz --at after",
    "conform-trace": "conform recordings/15-qemu-trace-log-backend.log.xz --at after",
    "conform-nothing-recorded": "conform examples/snapshot-on.jsonl; conform nix",
    "reproduce": "reproduce examples/deleted-overlay.jsonl",
    "reproduce-range": "reproduce with..after examples/lost-backing.jsonl --for qemu",
    "reproduce-recording": "reproduce recordings/07-transaction-rollback.qmp.jsonl.xz",
    "reproduce-file": "reproduce with after examples/snapshot-on.jsonl -o it.sh; cat it.sh",
    "reproduce-errors": (
        "reproduce; reproduce examples/snapshot-on.jsonl examples/lost-backing.jsonl;"
        " reproduce several.jsonl; reproduce nix; reproduce examples/snapshot-on.jsonl --for bochs;"
        " reproduce after examples/snapshot-on.jsonl"
    ),
    "record-which": "record; record --qmp no.sock --finish nix",
    "record-no-machine": "record --qmp no.sock --listen here.sock; logs",
    "record-no-place": "record --qmp no.sock; logs",
    "record-finish-unknown": "record --finish nix",
    "record-no-monitor": "record -- qemu-system-x86_64 -S; record -- qemu-system-x86_64 -qmp stdio",
    "record-no-program": "record --listen here.sock -- ./no-such-program; logs",
    "record-drive-beside-words": "record --drive file=a -- ./no-such-program",
    "record-bad-drive": "record --qmp no.sock --listen here.sock --drive size=wide",
    "record-taken": "import same.jsonl; record --qmp no.sock --listen here.sock --log same",
    "record-unfinished": (
        "cp databases/0004.sqlite replay.db; log broken-off; diff broken-off;"
        " record --finish broken-of; record --qmp no.sock --listen here.sock --log broken-off"
    ),
    "record-finish": (
        "cp databases/0004.sqlite replay.db; record --finish broken-off -o it.jsonl; cat it.jsonl;"
        " logs; log broken-off; record --finish broken-off"
    ),
    # Other trouble
    "no-command": "nix",
    "no-option": "diff --nix",
    "one-file-of-several-logs": "explain several.jsonl 7; --patches toy diff --quiet several.jsonl",
}

LARGE = 60_000
"""Bytes from which on an output is kept as its digest, as pages always are."""

Run = Callable[[list[str]], bytes]


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """The working directory of a case, with all that its words name."""
    shutil.copytree(DATA / "input", tmp_path, dirs_exist_ok=True)
    for name, target in LINKS.items():
        (tmp_path / name).symlink_to(target)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("REPLAY_DB", "replay.db")
    monkeypatch.setenv("REPLAY_PATCHES", "patches")
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.fixture
def run(monkeypatch, capfdbinary) -> Run:
    """run(WORDS): what a command line of `replay` prints, and its exit status."""

    def output_of(words: list[str]) -> bytes:
        monkeypatch.setattr(sys, "argv", ["replay", *words])
        with pytest.raises(SystemExit) as exit:
            main()
        out, err = capfdbinary.readouterr()
        errors = b"[stderr]\n" + err if err else b""
        return excerpt(out) + errors + f"[status {exit.value.code or 0}]\n".encode()

    return output_of


def excerpt(out: bytes) -> bytes:
    """The output, of a page or a large one its digest and beginning; it ends with a newline."""
    if len(out) < LARGE and b"<html" not in out[:200]:
        return out if out.endswith(b"\n") or not out else out + b"\n[no newline]\n"
    digest = hashlib.sha256(out).hexdigest()
    start = b"".join(line[:200] + b"\n" for line in out.splitlines()[:10])
    return f"[{len(out)} bytes, sha256 {digest}]\n".encode() + start


def show(name: str) -> bytes:
    """What is in a file that a command wrote."""
    return excerpt(Path(name).read_bytes())


def copy(source: str, target: str) -> bytes:
    """Copies a file that a command is going to change."""
    shutil.copy(source, target)
    return b""


def change(database: str, statement: str) -> bytes:
    """Changes a database behind the program's back."""
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(statement)
    return b""


TOOLS = {"cat": show, "cp": copy, "sql": change}
"""What a line may do that is no command of `replay`."""


def session(lines: str, run: Run) -> bytes:
    """The lines of a case, each with its output."""
    text = b""
    for line in map(str.strip, lines.split(";")):
        words = shlex.split(line)
        if words and words[0] in TOOLS:
            text += f"$ {line}\n".encode() + TOOLS[words[0]](*words[1:])
        else:
            text += f"$ replay {line}".rstrip().encode() + b"\n" + run(words)
    return text


@pytest.mark.parametrize("name", CASES)
def test_a_command_prints_what_it_printed(name, place, run, request):
    text = session(CASES[name], run).replace(bytes(place), b"PLACE")
    gold = GOLD / f"{name}.txt"
    if request.config.getoption("--write-gold"):
        gold.parent.mkdir(exist_ok=True)
        gold.write_bytes(text)
    assert text.decode() == gold.read_bytes().decode()


def test_there_is_no_output_of_a_case_that_is_gone():
    assert {file.stem for file in GOLD.iterdir()} == set(CASES)


def test_no_output_names_the_machine_it_came_from():
    machine = (bytes(ROOT), bytes(Path.home()), b"/tmp/")
    texts = {file.name: file.read_bytes() for file in GOLD.iterdir()}
    assert [name for name, text in texts.items() if any(word in text for word in machine)] == []
