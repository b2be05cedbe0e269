"""Text of every form becomes the column that was asked for, at the rate its times say; bad text is one line."""

import numpy as np
import pytest

from drsn_keras.errors import DataError
from drsn_keras.recording import SUFFIXES, SignalFile, choose_column, rate_of_times, read_signal_file, read_table

Y = np.round(np.sin(np.arange(200) / 3.0), 4)


@pytest.mark.parametrize("mark", [",", ";", "\t", " "])
@pytest.mark.parametrize("header", ["", "# a comment\n\n", "names"])
@pytest.mark.parametrize("encoding", ["latin-1", "utf-8-sig"])
@pytest.mark.parametrize("has_end", [False, True])
def test_tables(tmp_path, read, mark, header, encoding, has_end):
    t = np.arange(200) / 12000.0
    end, named = mark if has_end else "", header == "names"
    text = mark.join(["time_s", '"acc"', "°C"]) + end + "\n" if named else header
    text += "".join(f"{a:.7f}{mark}{b}{mark}20{end}\n" for a, b in zip(t, Y, strict=True))
    path = tmp_path / "a.csv"
    path.write_text(text, encoding=encoding)
    found = read(path, "acc" if named else "1")
    np.testing.assert_array_equal(found.signal, Y)
    assert not named or read(path, "°C").signal.tolist() == [20.0] * 200
    assert (found.name, found.channel) == (str(path), "acc" if named else "1")
    assert found.sample_rate_hz == (12000.0 if named else None)
    assert (found.unit, found.rpm, found.is_wav, found.is_share) == (None, None, False, False)


def test_one_column_needs_no_name(tmp_path, read):
    path = tmp_path / "a.TXT"
    path.write_text("\n".join(map(str, Y)))
    np.testing.assert_array_equal(read(path).signal, Y)
    path.write_text("time_s,a\n" + "".join(f"{i / 100},{v}\n" for i, v in enumerate(Y)))
    found = read(path)
    assert (found.sample_rate_hz, found.channel) == (100.0, "a")
    np.testing.assert_array_equal(found.signal, Y)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", ": expected a recording, got a file of 0 bytes"),
        (b"# nothing\n", ": expected numbers below 1 lines of header, got none"),
        (b"acc\n", ": expected numbers below 1 lines of header, got none"),
        (b"a,b\nc,d\n", " line 2: expected numbers, got 'c,d'"),
        (b"0,5;1,5\n0,6;1,6\n", " line 2: expected numbers, got '0,6;1,6'"),
        (b"a,b\n1,2\n3,4\n", ", channel: expected a choice of a, b (--channel), got none"),
        (b"time_s,a,b\n0,2,3\n1,4,5\n", ", channel: expected a choice of a, b (--channel), got none"),
        (b"time_s\n0\n1\n", ": expected a column of samples beside time_s, got none"),
        (b"a\n1\n2\nthree\n", ": expected 1 numbers in every line, got "),
        (b"1,2\n3\n", ": expected 2 numbers in every line, got "),
        (b"a,b,c\n1,2\n", " line 2: expected 3 columns as in the header, got 2"),
        (b"time_s,a\n0,1\n1,2\n5,3\n", ", column time_s: expected steps of 2.5 s, got 1 s after sample 0"),
        (b"time_s,a\n2,1\n1,2\n", ", column time_s: expected rising times in s, got other numbers"),
        (b"time_s,a\n0,1\n1e-310,2\n", ", column time_s: expected times in s, got steps of 1e-310"),
    ],
)
def test_bad_text_is_one_line(tmp_path, refusal, content, says):
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    assert refusal(path).startswith(says)


def test_what_is_not_there_or_of_another_kind(tmp_path, refusal):
    assert refusal(tmp_path / "no.csv") == ": expected a recording, got nothing there"
    assert refusal(tmp_path) == ": expected a recording, got a folder"
    (tmp_path / "a.mp3").write_bytes(b"x")
    assert refusal(tmp_path / "a.mp3") == f": expected a file named {', '.join(SUFFIXES)}, got '.mp3'"


def test_wav_is_left_to_the_reader(tmp_path):
    path = tmp_path / "a.WAV"
    path.write_bytes(b"RIFF")
    found = read_signal_file(path, "1", lambda p, channel: SignalFile(f"{p} {channel}", Y, is_wav=True))
    assert (found.name, found.is_wav) == (f"{path} 1", True)


def test_channels(tmp_path, read, refusal):
    path = tmp_path / "a.csv"
    path.write_text("x,y\n" + "".join(f"{v},{2 * v}\n" for v in Y))
    for channel in ("y", "1"):
        np.testing.assert_array_equal(read(path, channel).signal, 2 * Y)
    assert refusal(path, "z") == ", channel: expected one of x, y, got 'z'"
    assert refusal(path, "2") == ", channel: expected one of x, y, got '2'"
    assert choose_column(("time_s", "x"), "time_s", path, ("time_s",)) == 0


def test_a_given_number_of_header_lines_and_columns(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("Title\nx,y\n3,4,\n5,6,\n")
    np.testing.assert_array_equal(read_table(path, 2, 2).columns, [[3, 4], [5, 6]])
    with pytest.raises(DataError, match=r"a\.csv line 3: expected 3 columns, got 2$"):
        read_table(path, 2, 3)
    with pytest.raises(DataError, match=r"a\.csv line 3: expected the last line of the header, got numbers$"):
        read_table(path, 3)
    with pytest.raises(DataError, match=r"a\.csv: expected numbers below 4 lines of header, got none$"):
        read_table(path, 4)
    with pytest.raises(DataError, match=r"no\.csv: expected a table of numbers, got nothing there$"):
        read_table(tmp_path / "no.csv")


def test_times_say_the_rate():
    # 1 / 25600 in seven digits is off by up to half a step of 1e-7: the mean over all of them is not.
    assert rate_of_times(np.round(np.arange(1000) / 25600, 7), "t") == 25600.0
    assert rate_of_times(3.0 + np.arange(5) / 0.25, "t") == 0.25
    time_s = np.arange(500) / 2000
    with pytest.raises(DataError, match=r"^t: expected steps of 0\.00052004 s, got 0\.0105 s after sample 99$"):
        rate_of_times(np.where(np.arange(500) > 99, time_s + 0.01, time_s), "t")
    for bad in ([1.0], [0.0, np.nan, 1.0], [1.0, 1.0]):
        with pytest.raises(DataError, match=r"^t: expected rising times in s, got other numbers$"):
            rate_of_times(np.array(bad), "t")
