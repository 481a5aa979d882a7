"""The errors that tell a user what went wrong, where, and what to do next."""


class ReplayError(Exception):
    """An expected failure: what happened, where, and what to do next.

    `where` is a file, `file:line` or an event; `do` is the next step. The text of the
    exception reads "where: what; do". Anything else that is raised is a bug of replay and
    keeps its traceback.
    """

    def __init__(self, what: str, *, where: str = "", do: str = "") -> None:
        self.what = what
        self.where = where
        self.do = do
        super().__init__(what)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return f"{text}; {self.do}" if self.do else text
