"""The options that are a way out of an error, in the words of the command line.

The library's text of an error names no option. Where one helps, the error says so by its ``case``.
"""

from collections.abc import Mapping

from manyfest.domain.errors import ListError, SeveralImagesError, SparseRefusedError

# By the error's case, with its fields in braces. A remedy that begins with punctuation continues
# the error's sentence; any other stands in brackets behind it.
REMEDIES: Mapping[str, str] = {
    "attached-to-converted": ": leave out --attached, and sign the new digests",
    "empty": "; add one with: manyfest add {name} IMAGE",
    "invalid-certificate": "--insecure takes any",
    "malformed-member": "; in a draft, change it with: manyfest annotate --index {change} {name}",
    "no-repository": ": --as REPOSITORY says of which",
    "no-thread": "; --jobs 1 does with one",
    "no-tls": "--insecure also tries plain HTTP",
    "only-oci": "; use --convert oci",
    "only-oci-index": "--type oci",
    "placeholder": "; try: manyfest undo {tag} --to {digest}",
    "rather-oci": ", or use --convert oci",
    "two-families": "; --convert oci makes all OCI",
    "unknown-authority": ", or any by --insecure",
    "untag-digest": "--expect takes the digest",
}

# Those that stand amid the text, before its details.
_AMID: Mapping[type[BaseException], str] = {
    SeveralImagesError: "choose one with --platform",
    SparseRefusedError: "copy it whole, or without --sparse as a new list of these platforms",
}


def told(error: BaseException) -> str:
    """Return the text of ``error`` with its remedy, if there is one."""
    return with_remedy(str(error), error)


def told_of(name: str, error: BaseException) -> str:
    """Return the text of ``error`` with its remedy, behind ``name`` unless it has that."""
    text = told(error)
    return text if name in text else f"{name}: {text}"


def with_remedy(message: str, error: BaseException) -> str:
    """Return ``message``, the text of ``error``, with its remedy, if there is one."""
    if fact := _fact_before_details(error):
        return message.replace(fact, f"{fact}; {_AMID[type(error)]}", 1)
    remedy = REMEDIES.get(getattr(error, "case", ""), "")
    fields = vars(error)
    if isinstance(error, ListError):
        fields = {**fields, "change": _change_of(error.member)}
    return continued(message, remedy.format_map(fields))


def continued(message: str, advice: str) -> str:
    """Return ``message`` with ``advice`` behind it, in brackets unless it begins otherwise."""
    if not advice:
        return message
    body, end = (message[:-1], ")") if message.endswith(")") else (message, "")
    if advice[0] in ":;,":
        return f"{body}{advice}{end}"
    return f"{body}; {advice})" if end else f"{message} ({advice})"


def _fact_before_details(error: BaseException) -> str:
    """Return the part of the text that the remedy follows; empty where it stands at the end."""
    if isinstance(error, SeveralImagesError):
        return f"{error.subject} lists {error.count} images"
    if isinstance(error, SparseRefusedError):
        return f"{error.target}: a list with absent images is not taken"
    return ""


def _change_of(path: str) -> str:
    """Return the option of ``annotate --index`` that mends the list's member at ``path``."""
    member, dot, key = path.partition(".")
    if member == "annotations":
        return f"--unset annotation:{key}" if dot else "--annotation KEY=VALUE"
    return "--unset artifact-type" if member == "artifactType" else "--unset subject"
