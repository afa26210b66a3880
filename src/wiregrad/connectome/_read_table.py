"""Tables as people keep them, read without losing a digit."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet

from .._messages import did_you_mean, few

__all__ = ["MATRIX_SUFFIX", "TABLE_SUFFIXES", "read_table", "require_file", "table_stem"]

_PARQUET, _FEATHER = (".parquet", ".pq"), (".feather", ".arrow")
_DELIMITED = {
    **dict.fromkeys((".csv", ".csv.gz"), ","),
    **dict.fromkeys((".tsv", ".tsv.gz"), "\t"),
}

#: The endings of the files that `read_table` reads.
TABLE_SUFFIXES = (*_PARQUET, *_FEATHER, *_DELIMITED)
#: The ending of a sparse matrix.
MATRIX_SUFFIX = ".npz"

# What stands for a missing value in a text file.
_MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "None"]

# Integers with missing values stay integers: as floats, ids above 2**53 would change.
_NULLABLE = {
    pa.int8(): pd.Int8Dtype(),
    pa.int16(): pd.Int16Dtype(),
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.uint8(): pd.UInt8Dtype(),
    pa.uint16(): pd.UInt16Dtype(),
    pa.uint32(): pd.UInt32Dtype(),
    pa.uint64(): pd.UInt64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}


def table_stem(path: Path) -> str | None:
    """Return a table file's name without its ending, in lower case; None for another file."""
    name = path.name.casefold()
    suffix = max((s for s in TABLE_SUFFIXES if name.endswith(s)), key=len, default=None)
    return None if suffix is None else name.removesuffix(suffix)


def read_table(path: Path) -> pd.DataFrame:
    r"""Read a parquet, feather, csv or tsv file; text may be compressed with gzip.

    Whole numbers stay whole numbers, missing values or not.

    Parameters
    ----------
    path : Path
        Its ending says what it is.

    Returns
    -------
    DataFrame

    Raises
    ------
    ValueError
        If the format is not known, the file is cut short or is not what its ending says, text is
        not UTF-8, or two columns have the same name.
    OSError
        If it is not there or may not be read.

    Notes
    -----
    Cost: one pass over the file, on all cores; peak memory is about twice the table.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "edges.csv"
    >>> _ = file.write_text("pre,post,count\n720575940600000001,,3\n")
    >>> read_table(file)["pre"].tolist()
    [720575940600000001]
    """
    require_file(path)
    name = path.name.casefold()
    try:
        if name.endswith(_PARQUET):
            # Not read_table: it makes columns of the words in a path such as "side=left/x.parquet".
            with pyarrow.parquet.ParquetFile(path) as file:
                table = file.read()
        elif name.endswith(_FEATHER):
            table = pyarrow.feather.read_table(path)
        elif table_stem(path) is not None:
            table = _read_delimited(path)
        else:
            raise _unknown_format(path)
        _require_distinct(table.column_names, path)
        return _to_pandas(table)
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not text in UTF-8: save it as UTF-8") from None
    except (pa.ArrowException, OSError, EOFError) as error:
        if isinstance(error, (PermissionError, FileNotFoundError, MemoryError)):
            raise
        reason = " ".join(str(error).split())
        raise ValueError(
            f"{path} cannot be read: it is cut short, or is not what its ending says ({reason})"
        ) from None


def require_file(path: Path) -> None:
    """Raise an error that says what there is instead, where a path is no file."""
    if path.is_file():
        return
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder, not a file")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent}")
    here = sorted(
        other.name
        for other in path.parent.iterdir()
        if not other.name.startswith(".")
        and (other.is_dir() or table_stem(other) is not None or other.suffix == MATRIX_SUFFIX)
    )
    seen = f": {path.parent} holds {few(here, limit=12)}" if here else ", and no table beside it"
    raise FileNotFoundError(
        f"there is no file or folder {path}{seen}{did_you_mean(path.name, here)}"
    )


def _unknown_format(path: Path) -> ValueError:
    return ValueError(
        f"{path} has no known format: tables end in {', '.join(TABLE_SUFFIXES)}, matrices in .npz"
    )


def _read_delimited(path: Path) -> pa.Table:
    name = path.name.casefold()
    delimiter = next(d for suffix, d in _DELIMITED.items() if name.endswith(suffix))
    compression = "gzip" if name.endswith(".gz") else None
    with pa.input_stream(path, compression=compression) as stream:
        table = pyarrow.csv.read_csv(
            stream,
            parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                null_values=_MISSING, strings_can_be_null=True
            ),
        )
    undecoded = [field.name for field in table.schema if pa.types.is_binary(field.type)]
    if undecoded:
        raise ValueError(
            f"the column {undecoded[0]!r} of {path} is not text in UTF-8: save it as UTF-8"
        )
    return table


def _require_distinct(columns: list[str], path: Path) -> None:
    twice = [name for name, times in Counter(columns).items() if times > 1]
    if twice:
        raise ValueError(f"{path} has more than one column {twice[0]!r}: rename or drop one")


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    """Convert; only columns with missing values take pandas' nullable types."""
    table = _without_index(table)
    missing = [name for name in table.column_names if table[name].null_count]
    present = [name for name in table.column_names if name not in set(missing)]
    whole = table.select(present).to_pandas().set_axis(present, axis="columns")
    holed = table.select(missing).to_pandas(types_mapper=_NULLABLE.get)
    holed = holed.set_axis(missing, axis="columns")
    frame: pd.DataFrame = pd.concat([whole, holed], axis="columns")[table.column_names]
    return frame


def _without_index(table: pa.Table) -> pa.Table:
    """Make what was the index of a pandas table, for example its ids, a column like the others."""
    metadata = table.schema.metadata or {}
    if b"pandas" not in metadata:
        return table
    described = json.loads(metadata[b"pandas"])
    for index in described["index_columns"]:
        if isinstance(index, dict) and index["name"] is not None:  # consecutive ids: not stored
            values = np.arange(index["start"], index["stop"], index["step"])
            table = table.append_column(index["name"], pa.array(values))
    described["index_columns"] = []
    return table.replace_schema_metadata({**metadata, b"pandas": json.dumps(described)})
