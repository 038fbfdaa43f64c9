"""A file system of ext4 in a file, whose raw bytes can be read afterwards: what deleting a file leaves on the disk."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

IMAGE_BYTES = 64 * 1024 * 1024
ROOT = Path(__file__).parent.parent
# In a mount namespace of its own, which ends with the process: nothing stays mounted, whatever happens.
MOUNTED = 'mount -o loop "$0" "$1" && cd "$1" && "$2" -c "$3"; code=$?; cd / && umount "$1"; exit $code'


def why_not() -> str:
    """Why this machine cannot mount an image; empty if it can."""
    missing = [tool for tool in ("mkfs.ext4", "unshare", "mount") if shutil.which(tool, path=_path()) is None]
    if missing:
        return f"{', '.join(missing)} missing"
    if os.geteuid() != 0:
        return "only root can mount an image"
    if not Path("/dev/loop-control").exists():
        return "no loop devices"
    return ""


def ext4_after(folder: Path, code: str, *features: str) -> bytes:
    """The raw bytes of a new file system after this Python code has run with it as the working folder.

    ``features`` of ext4 are added to those that it has by default.
    """
    image, place = folder / "disk.img", folder / "disk"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(IMAGE_BYTES)
    environment = {**os.environ, "PATH": _path(), "PYTHONPATH": str(ROOT)}
    subprocess.run(
        ["mkfs.ext4", "-q", "-F", *(f"-O{feature}" for feature in features), image], check=True, env=environment
    )
    mounted = ["unshare", "--mount", "sh", "-c", MOUNTED, image, place, sys.executable, code]
    subprocess.run(mounted, check=True, env=environment)
    return image.read_bytes()


def _path() -> str:
    return f"{os.environ['PATH']}:/usr/sbin:/sbin"
