# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the system tests: real servers, the built program, no fixed
ports, nothing left behind.

ASSAY_TEST_SERVER   a `bao` or `vault` program (tools/check finds or gets one)
ASSAY_TEST_BINARY   the `assay` under test; build/dev/assay by default
ASSAY_TEST_TF_PROVIDER  a folder with a terraform-provider-vault program; what
                    needs it is skipped without
ASSAY_TEST_KEEP     set: keep the directories of tests that failed
"""
import os
import pathlib
import shutil
import signal
import sys
import tempfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.support import process  # noqa: E402
from tests.support.cluster import Server  # noqa: E402
from tests.support.world import World  # noqa: E402


def pytest_configure():
    # A SIGTERM ends like Ctrl-C: fixtures are finalised, children stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def pytest_unconfigure():
    process.stop_all()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """What the servers said belongs to the report of a failure."""
    report = (yield).get_result()
    if report.failed and "workdir" in item.funcargs:
        item.failed = True
        for log in sorted(item.funcargs["workdir"].rglob("*.log")):
            lines = log.read_text(errors="replace").splitlines()
            report.sections.append((str(log), "\n".join(lines[-60:])))


@pytest.fixture(scope="session")
def binary():
    path = os.environ.get("ASSAY_TEST_BINARY", ROOT / "build/dev/assay")
    if not os.access(path, os.X_OK):
        pytest.exit(f"{path} is not there: build first", 2)
    return pathlib.Path(path).resolve()


@pytest.fixture(scope="session")
def server():
    path = os.environ.get("ASSAY_TEST_SERVER") or \
        os.environ.get("ASSAY_TEST_VAULT") or \
        shutil.which("bao") or shutil.which("vault")
    if not path:
        pytest.exit("no server: set ASSAY_TEST_SERVER, or use tools/check", 2)
    return Server(path)


def make_directory():
    # Short: a unix socket's path has 107 bytes.  Readable: some tests run
    # the daemon as another user.
    path = pathlib.Path(tempfile.mkdtemp(prefix="as-"))
    path.chmod(0o755)
    return path


@pytest.fixture
def workdir(request):
    path = make_directory()
    yield path
    if not (os.environ.get("ASSAY_TEST_KEEP")
            and getattr(request.node, "failed", False)):
        shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def new_world(workdir, server, binary):
    """Make a World in this test's directory; taken down at its end."""
    made = []

    def make(**options):
        world = World(workdir, server, binary)
        made.append(world)
        return world.up(**options)

    yield make
    for world in made:
        world.down()


@pytest.fixture
def world(new_world):
    """One node, Assay running, nothing backed up yet."""
    return new_world()


@pytest.fixture(scope="module")
def shared(server, binary):
    """As `world`, but one for the whole file, with one snapshot that has
    been validated: for tests that only look."""
    path = make_directory()
    world = World(path, server, binary)
    try:
        world.up()
        world.snapshot = world.assay.backup()
        world.validation = world.assay.run("validations")
        yield world
    finally:
        world.down()
        shutil.rmtree(path, ignore_errors=True)
