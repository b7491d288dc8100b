# SPDX-License-Identifier: Apache-2.0
"""The fixtures of the system tests serve here too."""
import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from tests.system.conftest import (  # noqa: E402,F401
    binary, make_directory, new_world, pytest_configure,
    pytest_runtest_makereport, pytest_unconfigure, server, workdir)
from tests.support import contained, raised  # noqa: E402


@pytest.fixture(scope="session")
def bench(server, binary):  # noqa: F811
    """One world with every driver configured."""
    if not contained.available():
        pytest.skip("the system refuses namespaces")
    path = make_directory()
    made = raised.Bench(path, server, binary)
    try:
        yield made.up()
    finally:
        made.down()
        shutil.rmtree(path, ignore_errors=True)
