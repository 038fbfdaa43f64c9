"""What an operator types beside a running program."""

import asyncio
import sys

from tests.faults.program import Program


async def koolla(program: Program, *words: str) -> tuple[int, str]:
    """``koolla WORDS`` with the program's own settings: the exit code, and all that was said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", *words),
        cwd=program.folder,
        env=program._environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, said.decode()
