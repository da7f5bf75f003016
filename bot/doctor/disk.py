"""The disk of a SQLite file: its free space, and whether it is local."""

from __future__ import annotations

import shutil
from pathlib import Path

from bot.diagnosis import Diagnosis, error, warning, well

NETWORKED = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "glusterfs", "lustre", "fuse.sshfs", "fuse.s3fs", "ncpfs"}
)
"""File systems whose locks are not reliable."""
GIB = 1024**3


def network_filesystem(path: Path, mounts: Path = Path("/proc/self/mounts")) -> Diagnosis | None:
    """Diagnose the file system under `path`. Returns None if the machine does not list its mounts (it is not Linux)."""
    try:
        listed = [line.split(" ") for line in mounts.read_text("utf-8", "replace").splitlines()]
    except OSError:
        return None
    kinds = {Path(parts[1].replace("\\040", " ")): parts[2] for parts in listed if len(parts) > 2}  # later mounts hide earlier ones
    here = next((each for each in (path, *path.parents) if each in kinds), None)
    if here is None:
        return None
    if kinds[here] not in NETWORKED:
        return well("file system", f"{kinds[here]}, local")
    means = "Locks on a network file system cannot be trusted, and SQLite may lose what customers said."
    return error("file system", f"{kinds[here]} at {here}", means, "Move the file to a local disk, or use PostgreSQL.")


def free_space(path: Path) -> Diagnosis | None:
    """Diagnose the free space. Returns None if the folder does not exist."""
    try:
        left = shutil.disk_usage(path.parent).free
    except OSError:
        return None
    found = f"{left / GIB:.1f} GiB free"
    do = "Make room, or move the file to a larger disk."
    if left < GIB / 10:
        return error("disk", found, "When it is full, every answer is refused with 503.", do)
    if left < GIB:
        return warning("disk", found, "When it is full, every answer is refused with 503.", do)
    return well("disk", found)
