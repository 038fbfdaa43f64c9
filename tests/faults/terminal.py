"""Commands of an operator beside a running program."""

import asyncio
import sys

from tests.faults.program import Program


async def koolla(program: Program, *words: str) -> tuple[int, str]:
    """Runs ``koolla WORDS`` with the program's settings. Returns the exit code and the output."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "bot", *words),
        cwd=program.folder,
        env=program._environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, output.decode()
