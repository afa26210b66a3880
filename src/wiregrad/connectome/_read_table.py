"""Tables as people keep them, read without losing a digit."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet

from .._messages import few

__all__ = ["TABLE_SUFFIXES", "read_table", "table_stem"]

_PARQUET, _FEATHER = (".parquet", ".pq"), (".feather", ".arrow")
_DELIMITED = {
    **dict.fromkeys((".csv", ".csv.gz"), ","),
    **dict.fromkeys((".tsv", ".tsv.gz"), "\t"),
}

#: The endings of the files that `read_table` reads.
TABLE_SUFFIXES = (*_PARQUET, *_FEATHER, *_DELIMITED)

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
        If the format is not known, or the file is cut short or is not what its ending says.
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
    _require_file(path)
    name = path.name.casefold()
    try:
        if name.endswith(_PARQUET):
            table = pyarrow.parquet.read_table(path)
        elif name.endswith(_FEATHER):
            table = pyarrow.feather.read_table(path)
        elif table_stem(path) is not None:
            table = _read_delimited(path)
        else:
            raise _unknown_format(path)
    except (pa.ArrowException, OSError, EOFError) as error:
        if isinstance(error, (PermissionError, FileNotFoundError)):
            raise
        raise ValueError(
            f"{path} cannot be read: it is cut short, or is not what its ending says ({error})"
        ) from None
    return _to_pandas(table)


def _require_file(path: Path) -> None:
    if path.is_file():
        return
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent}")
    here = sorted(other.name for other in path.parent.iterdir() if table_stem(other) is not None)
    seen = f"its folder holds the tables {few(here, limit=12)}" if here else "nor any other table"
    raise FileNotFoundError(f"there is no file {path}: {seen}")


def _unknown_format(path: Path) -> ValueError:
    return ValueError(
        f"{path} has no known format: tables end in {', '.join(TABLE_SUFFIXES)}, matrices in .npz"
    )


def _read_delimited(path: Path) -> pa.Table:
    name = path.name.casefold()
    delimiter = next(d for suffix, d in _DELIMITED.items() if name.endswith(suffix))
    return pyarrow.csv.read_csv(
        path,
        parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter),
        convert_options=pyarrow.csv.ConvertOptions(
            null_values=_MISSING, strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
    )


def _to_pandas(table: pa.Table) -> pd.DataFrame:
    """Convert; only columns with missing values take pandas' nullable types."""
    missing = [name for name in table.column_names if table[name].null_count]
    whole: pd.DataFrame = table.drop_columns(missing).to_pandas()
    holed: pd.DataFrame = table.select(missing).to_pandas(types_mapper=_NULLABLE.get)
    frame: pd.DataFrame = pd.concat([whole, holed], axis=1)[table.column_names]
    return frame
