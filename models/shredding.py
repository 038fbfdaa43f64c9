"""Deleting files so that nothing of their content stays on the disk.

This holds on file systems that write in place, such as ext4 and XFS. Copy-on-write file systems, snapshots and SSDs may
keep the old blocks; docs/operations.md says so.
"""

import errno
import os
import secrets
from pathlib import Path

CHUNK_BYTES = 1_048_576


def shred(path: Path) -> None:
    """Overwrites a file in place, deletes it, and returns when both are on the disk. Does nothing if there is none.

    If the file has other names (hard links), they are left with the overwritten content.
    """
    try:
        handle = os.open(path, os.O_WRONLY)  # no O_TRUNC: that would free the blocks and overwrite others
    except FileNotFoundError:
        return
    try:
        _overwrite(handle)
    except OSError as error:
        # Only a copy-on-write file system needs room for this, and there it does not reach the old blocks.
        if error.errno != errno.ENOSPC:
            raise
    finally:
        os.close(handle)
    path.unlink(missing_ok=True)
    fsync_folder(path.parent)


def _overwrite(handle: int) -> None:
    left, noise = os.fstat(handle).st_size, secrets.token_bytes(CHUNK_BYTES)
    while left > 0:
        left -= os.write(handle, noise[:left])
    os.fsync(handle)


def discard(path: Path) -> None:
    """Removes a name of a file. Shreds the file if that was its last name. Does nothing if there is none."""
    try:
        has_other_names = path.stat().st_nlink > 1
    except FileNotFoundError:
        return
    if has_other_names:
        path.unlink(missing_ok=True)
        fsync_folder(path.parent)
    else:
        shred(path)


def fsync_folder(folder: Path) -> None:
    """Fsyncs a folder: new, renamed and deleted names in it survive a crash."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
