"""The bundle that the name of a file asks for: an archive, or a folder."""

from pathlib import Path

from manyfest.domain.errors import InputError
from manyfest.domain.ports.bundles import BundleContent

# Endings of archives' names, and whether they are compressed; other names are folders.
_ARCHIVES = {".tar": False, ".tar.zst": True, ".tzst": True}
_UNSUPPORTED = (".tar.gz", ".tgz", ".tar.xz", ".tar.bz2", ".zip", ".zst")


def require_target(target: str) -> None:
    """Refuse a name that no bundle can have. Raises InputError."""
    if _is_compressed(target) is not None:
        return
    if target in {"", "-"}:
        raise InputError(f"{target!r}: a bundle is written to a file or a folder of another name")
    if target.endswith(_UNSUPPORTED):
        raise InputError(f"{target}: archives are written as .tar or .tar.zst")
    if ":" in target:
        reason = "missing output: give a FILE or DIR as the last argument"
        raise InputError(f"{target}: {reason}")


def write_bundle(target: Path, packing: BundleContent) -> None:
    """Write an archive where the name ends so, else a folder. Raises BundleError, LayoutError."""
    compressed = _is_compressed(str(target))
    if compressed is None:
        from manyfest.adapters.bundles.folder_writer import write_folder

        write_folder(target.absolute(), packing)
    else:
        from manyfest.adapters.bundles.tar_writer import write_archive

        write_archive(target, packing, compressed=compressed)


def _is_compressed(target: str) -> bool | None:
    """Return whether the archive is compressed; None for a folder."""
    return next((is_so for end, is_so in _ARCHIVES.items() if target.endswith(end)), None)
