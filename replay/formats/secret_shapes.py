"""What secrets look like: the names of fields that hold them, and their places in running text."""

import re
from functools import cache

REPLACED = "(secret)"

PLAIN = r"passw(?:or)?d|passphrase|passwort|pwd|passwd"
NAMED = rf"{PLAIN}|token|cookies?|credentials?|authorization|signature|sig|api[_-]?key"
KEYS = r"(?:access|secret|private|account|shared|auth)[_-]?key|client[_-]secret|secret|key"

SECRET_NAME = re.compile(rf"(?i)(?:.*[._-])?(?:{NAMED})|(?:.*[._])?(?:{KEYS})")
"""The name of a field whose text is a secret. Behind a hyphen stands what is of the id of one, as
in "password-secret", QEMU's way to name an object that has it."""

NUMBER_NAME = re.compile(rf"(?i)(?:.*[._-])?(?:{PLAIN}|pin)")
"""The name of a field that is a secret also as a number: qmp-shell makes one of digits."""

SECRET_TYPE = re.compile(r"(?i)secret(?:_keyring)?")
TYPE_NAMES = ("qom-type", "qom_type", "driver", "type")
"""The fields in which an object says what it is, and what one with a secret in "data" says."""

SWITCHES = frozenset({"", "on", "off", "yes", "no", "true", "false", "none", "null", REPLACED})
"""What is no secret though it stands where one may."""

SECRET_PART = r"token|sig(?:nature)?|secret|passw(?:or)?d|pwd|credential|auth|api_?key"
PARAMETER = rf"[\w.-]{{0,80}}(?:{SECRET_PART})[\w.-]{{0,80}}"
IN_JSON = rf"(?:(?:[\w.-]{{0,80}}[._-])?(?:{NAMED})|(?:[\w.]{{0,80}}[._])?(?:{KEYS}))"
VALUE = r"(?P<value>(?:[^,\s\"'&]|,,)+)"
WORD = r"(?P<value>\"(?:[^\"\\]|\\.)*+\"|'[^']*'|\S+)"

SHAPES = (
    # An RBD name has its own options with ":" between; a backslash escapes one.
    r"rbd:[^\s,\"]{0,400}?:key=(?P<value>(?:[^:,\s\"\\]|\\.)++)",
    # A line of a header, whole: a cookie has several values, with ";" between.
    r"(?i)\b(?:set-)?cookie:\s?(?P<value>[^\r\n\"]++)",
    r"(?i)\bcookie=(?P<value>(?:[^,\r\n\"&]|,,)++)",
    r"(?i)\bauthorization:\s?(?:(?:basic|bearer|digest|token)\s)?(?P<value>[^\s\",]++)",
    r"(?i)\bbearer\s(?P<value>[\w.~+/=-]{8,}+)",
    r"(?i)\bx-[a-z-]{0,40}(?:token|key|secret):\s?(?P<value>[^\s\",]++)",
    # Who is at a host: name:password, and name%password as iSCSI has it.
    r"://[^:/@\s\"']{0,200}:(?P<value>[^/\s\"',]{1,400})@",
    r"iscsi://[^%/@\s\"']{0,200}%(?P<value>[^/\s\"',]{1,400})@",
    r"(?<!\S)(?:-u|--user)[ =][^\s:\"']{1,200}:(?P<value>[^\s\"']++)",
    # The parameters of an address.
    rf"(?i)[?&;](?:{PARAMETER}|(?:[\w.-]{{0,40}}[_.-])?key)=(?P<value>[^&#\s\"',;]++)",
    # Options, name=value; ",," is a comma.
    rf"(?i)(?<![\w.-])(?:[\w.-]{{0,80}}[._-])?(?:{NAMED})={VALUE}",
    rf"(?i)(?<![\w.-])(?:[\w.]{{0,80}}[._])?(?:{KEYS})={VALUE}",
    # JSON that is no whole text, perhaps with escapes.
    rf"(?i)\"{IN_JSON}\"\s{{0,9}}:\s{{0,9}}\"(?P<value>(?:[^\"\\]|\\.)*+)",
    rf"(?i)\\\"{IN_JSON}\\+\"\s{{0,9}}:\s{{0,9}}\\+\"(?P<value>[^\"\\]*+)",
    # What is a secret by itself.
    r"(?P<value>\beyJ[\w-]{8,400}\.[\w-]{8,4000}\.[\w-]{0,4000})",
    r"(?P<value>\bAKIA[0-9A-Z]{16}\b)",
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?P<value>[^-]++)",
    # Lines for the human monitor.
    rf"^\s*set_password\s+(?:-d\s+\S+\s+)?\S+\s+(?:-d\s+\S+\s+)?{WORD}",
    rf"^\s*block_passwd\s+\S+\s+{WORD}",
    rf"^\s*change\s+vnc\s+pass\w*\s+{WORD}",
)
"""Secrets in running text, each as "value"."""


# Compiled when the first text may hold one: most logs have none, and this takes long.
@cache
def shapes() -> tuple[re.Pattern[str], ...]:
    """What finds SHAPES."""
    return tuple(map(re.compile, SHAPES))


SECRET_OPTIONS = re.compile(
    r"(?i)(?:^|[\s,])(?:qom[-_]type=|driver=)?secret(?:_keyring)?(?=,|\s|$)"
)
DATA = re.compile(r"(?<![\w-])data=(?P<value>(?:[^,\s\"']|,,)++)")
"""The options of a secret object, whatever their order, and where in them it stands."""

SUSPECT = re.compile(
    rb"(?i)pass|pwd|\bpin\b|secret|token|cookie|key|sig\b|sig=|signature|auth|bearer|credential"
    rb"|\"property\"|://[^/\s]{0,400}@|eyJ|AKIA|-u |--user|vl\.|\\[u/]"
)
"""What is in every text that may hold a secret, or a random name; most are free of it."""

SIEVE = re.compile(
    rb"p(?:ass|wd|in|roperty)|cre|k(?:en|ie|ey|ia)|g(?<=sig)|uth|bear|//|yj|-u|l(?<=vl)\.|\\[u/]"
)
"""What is in the small letters of every text that SUSPECT finds. It takes a twentieth of the time,
since each of its words begins with a letter that is what it is, and that few words have."""


def may_hold_secret(text: bytes) -> bool:
    """Whether a text may hold a secret, or a random name."""
    return SIEVE.search(text.lower()) is not None and SUSPECT.search(text) is not None
