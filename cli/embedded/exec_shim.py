"""Runs as a program of its own between fork and exec of a child; must not import anything of ours.

Usage: python -I -S exec_shim.py PARENT_PID DEATH_SIGNAL UID GID PROGRAM [ARGUMENT...]   (UID and GID -1: as we are)

Drops privileges, then asks Linux to send DEATH_SIGNAL when the parent dies, so that even `kill -9` of a launcher takes
its parts along.  The order matters: a change of the user id clears the request.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main(argv: list[str]) -> None:
    parent, death_signal, uid, gid = (int(word) for word in argv[1:5])
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:  # it died before the request
            sys.exit(1)
    try:
        os.execv(argv[5], argv[5:])
    except OSError as error:
        sys.exit(f"{argv[5]} cannot be run: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv)
