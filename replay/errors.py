"""The errors that tell a user what went wrong, where, and what to do next."""

from collections.abc import Iterable

from replay.printable import escape


class ReplayError(Exception):
    """An expected failure: what happened, where, and what to do next.

    `where` is a file, `file:line` or an event; `do` is the next step. The text of the
    exception reads "where: what; do" and can be shown on a terminal, `details` are further lines
    for the user. Anything else that is raised is a bug of replay and keeps its traceback.
    """

    def __init__(
        self, what: str, *, where: str = "", do: str = "", details: Iterable[str] = ()
    ) -> None:
        self.what = what
        self.where = where
        self.do = do
        self.details = tuple(details)
        super().__init__(what)

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        return escape(f"{text}; {self.do}" if self.do else text)


class NotFound(ReplayError):
    """A log, variant, revision, check or place has a name that nothing has.

    `nearest` are the names most like it, the best first.
    """

    def __init__(
        self, what: str, *, where: str = "", do: str = "", nearest: Iterable[str] = ()
    ) -> None:
        super().__init__(what, where=where, do=do)
        self.nearest = tuple(nearest)


class Conflict(ReplayError):
    """A patch does not apply to a tree."""


class NotInLanguage(ReplayError):
    """A tree, a patch or a check breaks a rule of the model language."""


class BadInput(ReplayError):
    """A file, a line or an argument cannot be read."""


class StoreError(ReplayError):
    """The database cannot be opened, read or written, or is not ours."""


class DoesNotStart(ReplayError):
    """A build of the real program that was named does not start.

    The command then exits with 125, which `git bisect run` takes for a revision to be skipped.
    """


class Unavailable(ReplayError):
    """A program or a library that this needs is missing."""
