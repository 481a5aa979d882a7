"""A recording whose every string tries to break out of a report."""

import json
from pathlib import Path

WILD = [
    "<script>document.title='owned'</script>",
    "\"><img src=x onerror=document.title='owned'>",
    "</style></script><!--",
    "{{ 7 * 7 }}{% raw %}",
    "\x1b]0;owned\x07\x1b[31m\x00\x7f\x9b",
    "\u202eowned\u2066\u200b",
    "a|b `c` ``d`` *e* _f_ [g](javascript:h) #1 @i <b>j</b> \\| ~k~ http://l.m",
    '\\N\\G"];n9 [label=<<B>owned</B>>',
    "]]> &lt; &#x3c; ' \" \\",
    "line\none\r\ntwo\u2028three",
    "[red]owned[/red] [link=http://l.m]k[/link] :smile: [bold",
]
"""What each string of the recording is made of."""


def hostile(path: Path) -> Path:
    """Writes the recording; two of its files and a drive's chain are named like this."""
    lines: list[dict[str, object]] = [{"replay_log": 1, "name": "hostile <b>&\"' |`*_[x](y)"}]
    for index, wild in enumerate(WILD):
        image = "/images/" + wild.translate(dict.fromkeys(map(ord, ",/:")))
        drive = f"if=none,id=d{index},file={image},snapshot=on"
        overlay = {"device": f"d{index}", "snapshot-file": f"{image}.new", "mode": wild}
        lines += [
            {"kind": "image", "name": image, "format": "qcow2", "size": 1 << 20},
            {"kind": "command", "channel": "cli", "name": "drive", "arguments": drive},
            {"kind": "command", "channel": "qmp", "name": "blockdev-snapshot-sync"}
            | {"arguments": overlay if index % 2 else {k: overlay[k] for k in list(overlay)[:2]}},
            {"kind": "command", "channel": "hmp", "name": wild, "arguments": wild},
            {"kind": "command", "channel": "qmp", "name": wild, "arguments": {wild: [wild]}},
            {"kind": "notice", "name": wild, "data": {wild: wild}},
            {"kind": "guest", "name": "read", "device": wild, "sector": 0, "sectors": 8},
            {"kind": "await", "device": wild, "until": "end"},
            {"kind": "internal", "name": wild, "device": wild},
        ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path
