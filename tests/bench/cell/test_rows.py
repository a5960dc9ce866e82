"""Rows as tables: against pyarrow's own conversion, which is slower for what it imports."""

import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from huebench.bench.cell.rows import to_table

ROWS = [
    {"photo": "a", "status": "ok", "psnr": 24.5, "near_grey": False, "curve": np.float32([0.5, 1])},
    {"photo": "Fjällräven", "status": "undecodable", "reason": "no JPEG"},
    *({"photo": f"{i}", "status": "ok", "psnr": np.float64(i), "near_grey": i % 3 == 0} for i in range(20)),
]


def test_a_table_is_the_one_that_pyarrow_makes():
    names = dict.fromkeys(name for row in ROWS for name in row)
    table = to_table(ROWS)
    table.validate(full=True)
    assert table.equals(pa.table({name: [row.get(name) for row in ROWS] for name in names}))


def test_numbers_of_every_kind_are_kept_as_float64_and_curves_as_float32():
    table = to_table([{"count": 3, "share": np.float32(0.5), "curve": np.arange(3.0), "flag": np.True_}])
    assert [str(kind) for kind in table.schema.types] == ["double", "double", "list<item: float>", "bool"]
    assert table.to_pylist() == [{"count": 3.0, "share": 0.5, "curve": [0.0, 1.0, 2.0], "flag": True}]


def test_what_a_table_cannot_hold_is_named():
    with pytest.raises(TypeError, match="column 'psnr' cannot hold dict"):
        to_table([{"psnr": {}}])


def test_no_cell_imports_pandas_to_write_its_table():
    script = (
        "import sys; from huebench.bench.cell.rows import to_table; to_table([{'photo': 'a', 'psnr': 1.0}]); "
    )
    command = [sys.executable, "-c", f"{script}sys.exit('pandas' in sys.modules)"]
    assert subprocess.run(command, check=False).returncode == 0
