"""A function that Numba has compiled before is loaded, without what compiles one."""

import os
import subprocess
import sys

from conftest import ROOT

FUNCTION = """
from fa.learning.backends.loading import cached

@cached(_nrt=False)
def above(number):
    return number + 1
"""
CALL = """
import sys
from function import above

print(above(1), sum(above.stats.cache_hits.values()), "numba.np.arraymath" in sys.modules)
"""


def test_machine_code_is_loaded_without_the_compiler(tmp_path):
    (tmp_path / "function.py").write_text(FUNCTION)
    places = {"PYTHONPATH": f"{ROOT}:{tmp_path}", "NUMBA_CACHE_DIR": str(tmp_path / "cache")}

    def call():
        command = [sys.executable, "-c", CALL]
        done = subprocess.run(
            command, env=os.environ | places, capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    assert call() == ["2", "0", "True"]
    assert call() == ["2", "1", "False"]
    (tmp_path / "function.py").write_text(FUNCTION.replace("+ 1", "+ 10"))
    assert call() == ["11", "0", "True"], "changed code is compiled anew"
