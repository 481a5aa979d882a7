"""What secrets look like: the names of fields that hold them, and their places in running text."""

import re
from functools import cache

REPLACED = "(secret)"

LONG = r"passw(?:or)?ds?|passwd|passphrases?|passwort"
"""What is the end of such a name, whatever stands before it."""

PLAIN = rf"{LONG}|pwd"
NAMED = (
    rf"{PLAIN}|tokens?|cookies?|credentials?|authorization|signature|sig|api[_-]?key|psk|jwt"
    r"|private[_-]?key|secret[_-]?key|client[_-]?secret"
)
KEYS = r"(?:access|account|shared|auth)[_-]?key|secret|key"
HUMP = r"(?-i:(?<=[a-z0-9])(?=[A-Z]))"
"""Where the next word of a name begins, asInThis."""

SECRET_NAME = re.compile(
    rf"(?i).*(?:{LONG})|(?:.*(?:[._-]|{HUMP}))?(?:{NAMED})|(?:.*(?:[._]|{HUMP}))?(?:{KEYS})"
)
"""The name of a field whose text is a secret. Behind a hyphen stands what is of the id of one, as
in "password-secret", QEMU's way to name an object that has it."""

SECRET_SWITCH = re.compile(rf"(?i)--?(?:[\w.]{{0,80}}-)?(?:{NAMED})")
"""The word of a command line whose next word is a secret."""

NUMBER_NAME = re.compile(rf"(?i)(?:.*[._-])?(?:{PLAIN}|pin)")
"""The name of a field that is a secret also as a number: qmp-shell makes one of digits."""

SECRET_TYPE = re.compile(r"(?i)secret(?:_keyring)?")
TYPE_NAMES = ("qom-type", "qom_type", "driver", "type")
"""The fields in which an object says what it is, and what one with a secret in "data" says."""

SWITCHES = frozenset({"", "on", "off", "yes", "no", "true", "false", "none", "null", REPLACED})
"""What is no secret though it stands where one may."""

SECRET_PART = (
    r"token|sig(?:nature)?|secret|pass|pwd|credential|auth|api_?key|jwt|hmac|session|ticket"
)
PARAMETER = rf"[\w.%-]{{0,80}}(?:{SECRET_PART})[\w.%-]{{0,80}}|code|sid"
IN_TEXT = (
    rf"(?:[\w.-]{{0,80}}(?:{LONG})|(?:[\w.-]{{0,80}}(?:[._-]|{HUMP}))?(?:{NAMED})"
    rf"|(?:[\w.]{{0,80}}(?:[._]|{HUMP}))?(?:{KEYS}))"
)
"""The name of a secret in a text."""

RUN = r"[\w.-]++"
"""Any name at all. What follows one is looked at before what the name is: most are followed by
something else, and a text of a great many is done sooner."""

VALUE = r"(?:\\?[\"'])?(?P<value>(?:[^,\s\"'&]|,,)++)"
WORD = r"(?P<value>\"(?:[^\"\\]|\\.)*+\"|'[^']*'|\S+)"
LINE = r"(?P<value>(?:[^\r\n\"]|\"[^\"\r\n]{0,400}\"(?=\s{0,9}(?:[;,\r\n]|$)))++)"
"""The rest of a header's line; of texts between quotes in it, too."""

SHAPES = (
    # An RBD name has its own options with ":" between; a backslash escapes one.
    r"rbd:(?:(?!rbd:(?!key=))[^\s,\"]){0,400}?:key=(?P<value>(?:[^:,\s\"\\]|\\.)++)",
    # A line of a header, whole: a cookie has several values, with ";" between.
    rf"(?i)\b(?:set-)?cookie2?:\s?{LINE}",
    r"(?i)\bcookie=(?P<value>(?:[^,\r\n\"&]|,,)++)",
    rf"(?i)\bauthorization:\s?{LINE}",
    r"(?i)\bbearer\s(?P<value>[\w.~+/=-]{8,}+)",
    r"(?i)\bx-[a-z-]{0,46}+(?:(?<=token)|(?<=key)|(?<=secret)):\s?(?P<value>[^\s\",]++)",
    # Who is at a host: name:password, name%password as iSCSI has it, a token alone. A password may
    # have what has to be written as % and a number, and is not.
    r"://[^:/@\s\"']{0,200}:(?P<value>(?:[^/\s\"',]|,,){1,400})@",
    r"://[^:/@\s\"']{0,200}:(?!\d{0,5}(?:[/,;?#]|\s|$))(?P<value>[^@\r\n\"]{1,400}+)@",
    r"(?i)(?:iscsi|iser)://[^%/@\s\"']{0,200}%(?P<value>[^/\s\"',]{1,400})@",
    r"(?i)https?://(?P<value>[^:/@\s\"',?#]{1,400})@",
    r"(?<!\S)(?:-[uU]|--(?:proxy-)?user)[ =]?[^\s:\"']{1,200}:(?P<value>[^\s\"']++)",
    # The words of a command line.
    rf"(?i)(?<!\S)--?(?={RUN}\s)(?:[\w.]{{0,80}}-)?(?:{NAMED})\s{WORD}",
    rf"\bsshpass\s+-p\s?{WORD}",
    # The parameters of an address.
    rf"(?i)[?&;#](?=[\w.%-]++=)(?:{PARAMETER}|(?:[\w.%-]{{0,40}}[_.-])?key)=(?P<value>[^&#\s\"',;]++)",
    # Options, name=value; ",," is a comma.
    rf"(?i)(?<![\w.-])(?={RUN}=){IN_TEXT}={VALUE}",
    # JSON that is no whole text, perhaps with escapes, and the same as Python and others have it.
    rf"(?i)\"(?={RUN}\"){IN_TEXT}\"\s{{0,9}}:\s{{0,9}}\"(?P<value>(?:[^\"\\]|\\.)*+)",
    rf"(?i)\\\"(?={RUN}\\){IN_TEXT}\\+\"\s{{0,9}}:\s{{0,9}}\\+\"(?P<value>[^\"\\]*+)",
    rf"(?i)'(?={RUN}'){IN_TEXT}'\s{{0,9}}(?::|=>)\s{{0,9}}[bru]?'(?P<value>(?:[^'\\]|\\.)*+)",
    rf"(?i)\"(?:[\w.-]{{0,80}}[._-])?(?:{LONG}|pin)\"\s{{0,9}}:\s{{0,9}}(?P<value>\d++)",
    # Settings, name: value and name = value, and elements.
    rf"(?i)(?<![\w.\"'-])(?={RUN}\s{{0,9}}[:=])(?:[\w.-]{{0,80}}(?:[._-]|{HUMP}))?(?:{NAMED})"
    rf"(?::\s{{0,9}}|\s{{0,9}}=\s{{1,9}}|\s{{1,9}}=){WORD}",
    rf"(?i)<(?:[\w.-]{{0,80}}[._-])?(?:{NAMED})(?:\s[^<>]{{0,400}})?>(?P<value>[^<>]++)<",
    # What is a secret by itself.
    r"(?P<value>\beyJ[\w-]{8,400}+\.[\w-]{8,4000}+\.[\w-]{0,4000})",
    r"(?P<value>\bAKIA[0-9A-Z]{16}\b)",
    r"(?P<value>\b(?:gh[oprsu]_|github_pat_|glpat-|xox[abprs]-)[\w-]{12,400})",
    r"(?s)-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?P<value>(?:(?!-----END).)++)",
    # Lines for the human monitor.
    rf"^\s*set_password\s+(?:-d\s+\S+\s+)?\S+\s+(?:-d\s+\S+\s+)?{WORD}",
    rf"^\s*block_passwd\s+\S+\s+{WORD}",
    rf"^\s*change\s+vnc\s+pass\w*\s+{WORD}",
    rf"^\s*qom-set\s+(?:-j\s+)?\S+\s+(?:-j\s+)?(?:data|{IN_TEXT})\s+{WORD}",
    rf"^\s*sev-inject-launch-secret\s+\S+\s+{WORD}",
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
DATA = re.compile(r"(?<![\w-])data=(?P<value>\"[^\"]*+\"|'[^']*+'|(?:[^,\s\"']|,,)++)")
"""The options of a secret object, whatever their order, and where in them it stands."""

SUSPECT = re.compile(
    rb"p(?:ass|wd|sk|in(?<=\bpin)\b)|s(?:ecret|ig(?:\b|nature)|ession|id=(?<=\bsid=))"
    rb"|t(?:oken|icket)|c(?:ookie|redential|ode=(?<=\bcode=))|key|auth|bearer|jwt|hmac"
    rb"|g(?:h[oprsu]_|ithub_pat_|lpat-)|xox|\"property\"|qom-set|://(?:[^\"@:]++|:(?!//))*+@"
    rb"|eyj|akia|-u|vl\.|\\[u/]"
)
"""What is in the small letters of every text that may hold a secret, or a random name; most are
free of it. Each of its words begins with a letter that is what it is: others are passed quickly."""

SIEVE = re.compile(
    rb"p(?:ass|wd|in|roperty|sk)|cre|k(?:en|ie|ey|ia|et)|g(?<=sig)|g(?:h[oprsu]_|ithub_pat_|lpat-)"
    rb"|uth|bear|//|yj|-u|l(?<=vl)\.|\\[u/]|jwt|hmac|xox|qom-set|o(?<=sessio)n"
    rb"|=(?:(?<=sid=)|(?<=code=))"
)
"""What is in every text that SUSPECT finds. It takes less time: few words have its letters."""


def may_hold_secret(text: bytes) -> bool:
    """Whether a text may hold a secret, or a random name."""
    small = text.lower()
    return SIEVE.search(small) is not None and SUSPECT.search(small) is not None
