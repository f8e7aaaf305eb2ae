"""The one exception for faults a person can mend.

A missing folder, a truncated photograph or a misspelled key is no bug: whoever started the run
needs one sentence, not forty lines of traceback. The command line prints the message and exits
with status 2; everything else that is raised is a bug and keeps its traceback.
"""


class ColorkitError(Exception):
    """A fault a person can mend: one sentence that names the file or key, and the remedy."""


def lacks_memory(error: BaseException) -> bool:
    """Whether an error says that memory is full; PyTorch's is a RuntimeError."""
    return isinstance(error, MemoryError) or "can't allocate memory" in str(error)


def one_line(text: object) -> str:
    """Squeeze any text (often another library's message) into one line without a final period.

    What cannot be printed, such as a file name's bytes that are no text, or could steer a terminal,
    is written as Python does: `\\x1b`.
    """
    line = " ".join(str(text).split()).rstrip(" .")
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)
