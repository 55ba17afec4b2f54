import csv
from pathlib import Path

import numpy as np
import pytest

from pyimagesearch.console import CommandError
from pyimagesearch.data import tables
from pyimagesearch.data.tables import LabelledTable, is_table, read_labelled

XML = """<labels xmlns="http://mulan.sourceforge.net/labels">
<label name="red"></label><label name="big"/>
</labels>"""
ARFF = """@relation things
@attribute x numeric
@attribute big {0,1}
@attribute y numeric
@attribute red {0,1}
@data
1.5,0,2,1
-1,1,3e1,1
0,0,0,0
"""
CSV = "x,big,y,red\n1.5,0,2,1\n-1,1,3e1,1\n0,0,0,0\n"
VALUES = np.array([[1.5, 2], [-1, 30], [0, 0]], np.float32)


def check(table: LabelledTable) -> None:
    assert table.names == ("x", "y")
    assert table.features.dtype == np.float32
    np.testing.assert_array_equal(table.features, VALUES)
    assert [sample.labels for sample in table.samples] == [("red",), ("big", "red"), ()]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8-sig" if path.suffix == ".csv" else "utf-8")
    return path


@pytest.mark.parametrize("xml", ["things.xml", "things-train.xml"])
def test_an_arff_takes_its_labels_from_the_xml_next_to_it(tmp_path: Path, xml: str) -> None:
    write(tmp_path / xml, XML)
    check(read_labelled(write(tmp_path / "things-train.arff", ARFF), None, None))


def test_reading_an_arff_leaves_the_limit_of_the_fields_of_csv_files(tmp_path: Path) -> None:
    before = csv.field_size_limit(1000)
    read_labelled(write(tmp_path / "a.arff", ARFF), None, ["red", "big"])
    assert csv.field_size_limit(before) == 1000


@pytest.mark.parametrize(("name", "text"), [("a.arff", ARFF), ("a.csv", CSV)])
def test_label_columns_or_an_xml_file_say_which_columns_are_labels(
    tmp_path: Path, name: str, text: str
) -> None:
    path = write(tmp_path / name, text)
    check(read_labelled(path, None, ["red", "big"]))
    check(read_labelled(path, write(tmp_path / "other.xml", XML), None))


def test_an_npz_holds_its_targets(tmp_path: Path) -> None:
    targets = [[1, 0], [1, 1], [0, 0]]
    path = tmp_path / "a.npz"
    np.savez(path, features=VALUES, names=["x", "y"], targets=targets, labels=["red", "big"])
    check(read_labelled(path, None, None))
    np.savez(path, features=VALUES)
    assert tables.read(path).names == ("feature 1", "feature 2")


def test_a_csv_of_numbers_is_a_table_if_its_label_columns_are_named(tmp_path: Path) -> None:
    assert is_table(Path("a.arff"), None, None)
    assert is_table(Path("a.npz"), None, None)
    table = write(tmp_path / "a.csv", CSV)
    assert is_table(table, None, ["red", "big"])
    assert is_table(table, None, ["Red"])
    assert is_table(table, Path("a.xml"), None)
    assert not is_table(table, None, None)
    assert not is_table(table, None, ["red"], "x")
    assert not is_table(tmp_path, table, None)


@pytest.mark.parametrize(
    "text",
    [
        "path,red,big\na.jpg,1,0\nb.jpg,0,1\n",
        "shot,year,red,big\nDSC1,2001,1,0\nDSC2,2002,0,1\n",
        "id,red,big\n17,1,0\n18,0,1\n",
        "Image Index,red,big\n17,1,0\n18,0,1\n",
    ],
)
def test_a_csv_with_a_column_of_photos_is_not_a_table(tmp_path: Path, text: str) -> None:
    assert not is_table(write(tmp_path / "a.csv", text), None, ["red", "big"])


def test_a_row_without_a_number_is_reported_and_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    csv = write(tmp_path / "a.csv", CSV + "1,0,many,1\n1,0\n2,1,inf,0\n")
    check(read_labelled(csv, None, ["red", "big"]))
    talk = capsys.readouterr().err
    assert "a.csv, row 5: column 'y' does not hold a number; skipped" in talk
    assert "a.csv, row 6: column 'x' does not hold a number; skipped" in talk
    assert "3 of 6 rows skipped" in talk
    arff = write(tmp_path / "a.arff", ARFF + "?,0,1,1\n")
    check(read_labelled(arff, None, ["red", "big"]))
    assert "a.arff, row 4: column 'x' does not hold a number" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text", "columns", "message"),
    [
        ("a.csv", "", ["red"], "expected a header and rows"),
        ("a.csv", "x,red\n", ["red"], "expected a header and rows"),
        ("a.csv", "x,red\na,b\n", ["red"], "none of its 1 rows can be used"),
        ("a.csv", "x,red\n1,2\n", ["red"], "row 2: label 'red' is 2, not 0 or 1"),
        ("a.csv", "x,red\n1,1\n", ["blue"], "has no column 'blue'"),
        ("a.csv", "x,x,red\n1,1,1\n", ["red"], "two columns are named 'x'"),
        ("a.csv", "red\n1\n", ["red"], "has labels and no features"),
        ("a.arff", "", ["red"], "is not a dense ARFF"),
        ("a.arff", "nonsense", ["red"], "is not a dense ARFF"),
        ("a.arff", ARFF.partition("@data")[0], ["red"], "is not a dense ARFF"),
        ("a.arff", ARFF + "1,2\n", ["red"], "is not a dense ARFF"),
        ("a.arff", ARFF, None, "which columns are labels?"),
        ("a.npz", "nonsense", None, "is not an NPZ"),
        ("a.xls", "", ["red"], "is not a feature table"),
    ],
)
def test_an_unusable_table_is_one_error(
    tmp_path: Path, name: str, text: str, columns: list[str] | None, message: str
) -> None:
    path = write(tmp_path / name, text)
    with pytest.raises(CommandError, match=name) as raised:
        read_labelled(path, None, columns)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_table_or_array_and_a_broken_xml_file_are_errors(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"gone\.arff: no such file"):
        tables.read(tmp_path / "gone.arff")
    np.savez(tmp_path / "a.npz", other=VALUES)
    with pytest.raises(CommandError, match="has no array called features"):
        tables.read(tmp_path / "a.npz")
    np.savez(tmp_path / "a.npz", features=np.array([{}], object))
    with pytest.raises(CommandError, match="is not an NPZ"):
        tables.read(tmp_path / "a.npz")
    arff = write(tmp_path / "a.arff", ARFF)
    for text, message in (
        ("<labels>", "is not XML"),
        ("<labels/>", "has no names of labels"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><labels>&b;</labels>', "defines entities"),
    ):
        with pytest.raises(CommandError, match=message):
            read_labelled(arff, write(tmp_path / "a.xml", text), None)
