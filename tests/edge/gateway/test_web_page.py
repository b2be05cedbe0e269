"""The page's own files: complete, from here alone, and safe with text from outside."""

import re
from pathlib import Path

import pytest

from drsn_keras.edge.gateway.web import static_files

FOLDER = Path(static_files.__file__).parent / "static"
SCRIPTS = sorted(name for name in static_files.FILES if name.endswith(".js"))


def test_the_table_names_every_file():
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(static_files.FILES)


@pytest.mark.parametrize("name", SCRIPTS)
def test_text_never_becomes_markup(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc"):
        assert word not in text, word
    assert not re.search(r"setAttribute\(\s*[\"']style", text)  # refused by the policy


@pytest.mark.parametrize("name", sorted(static_files.FILES))
def test_all_comes_from_here(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert set(re.findall(r"https?://[^\s\"'`)]+", text)) <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_a_script_imports_is_there_and_used(name):
    text = (FOLDER / name).read_text(encoding="utf-8")
    for names, other in re.findall(r"import \{([^}]*)\} from \"\./([^\"]+)\"", text):
        assert other in static_files.FILES
        exported = (FOLDER / other).read_text(encoding="utf-8")
        for imported in (part.strip() for part in names.split(",")):
            assert re.search(rf"export (async )?(function|const|class) {imported}\b", exported), imported
            assert len(re.findall(rf"\b{imported}\b", text)) > 1, f"{imported} is not used"
    assert len(text.splitlines()) <= 400


def test_nothing_inline():
    text = (FOLDER / "index.html").read_text(encoding="utf-8")
    assert "style=" not in text and "<style" not in text
    assert not re.search(r"\son[a-z]+=", text)
    assert re.findall(r"<script[^>]*>(.*?)</script>", text, re.DOTALL) == [""]
    for path in re.findall(r"(?:src|href)=\"/([^\"]+)\"", text):
        assert path in static_files.FILES


def test_zones_have_letters_and_colours():
    style = (FOLDER / "style.css").read_text(encoding="utf-8")
    words = (FOLDER / "words.js").read_text(encoding="utf-8")
    for zone in "ABCD":
        assert f".badge.zone-{zone}" in style
        assert re.search(rf"^  {zone}: \"", words, re.MULTILINE)
    assert "prefers-color-scheme: dark" in style
