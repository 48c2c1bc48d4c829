"""The report as files: whole, standing on its own, the same every time, and not to be misled by names."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lxml import etree, html

from simulations.reports.page import report_files, write_report
from simulations.reports.palette import DARK, LIGHT
from simulations.scenario import DAY, HOUR, SECOND
from simulations.story import Open, Story, Traffic, Violation
from tests.simulations.stories import a_story, failing, fifty_branches, lane, mark, pune_cut_off, relay, saved

HOSTILE = "<script>alert(1)</script>"
STORIES = {"pune": pune_cut_off, "failing": failing, "empty": a_story}
HTML_BYTES_MAX = 3_000_000


def report(story: Story, folder: Path) -> tuple[str, bytes]:
    page, image = write_report(story, folder / "report.html")
    assert (page, image) == (folder / "report.html", folder / "report.png")
    return page.read_text(encoding="utf-8"), image.read_bytes()


def found(page: str, path: str) -> Any:
    return html.fromstring(page).xpath(path)


def words_of(page: str) -> str:
    return " ".join(found(page, "string(/)").split())


@pytest.fixture(scope="module")
def pune(tmp_path_factory) -> str:
    return report(pune_cut_off(), tmp_path_factory.mktemp("pune"))[0]


@pytest.mark.parametrize("name", STORIES)
def test_a_report_parses_and_stands_on_its_own(name, tmp_path):
    page, image = report(STORIES[name](), tmp_path)
    tree = html.fromstring(page)
    assert [tree.find(f".//{part}") is not None for part in ("h1", "main", "footer")] == [True] * 3
    for link in found(page, "//@href | //@src"):
        assert link.startswith("#"), link
    assert "xlink" not in page
    assert not found(page, "//script | //link | //img | //iframe | //object | //@onload")
    without_names = re.sub(r'xmlns(:\w+)?="[^"]*"', "", page)
    assert not re.search(r"https?:|//\w|@import|url\((?!#)", without_names)
    assert "default-src 'none'" in page
    assert image.startswith(b"\x89PNG")


def test_all_names_of_elements_are_given_once_and_those_referred_to_are_there(pune):
    names = found(pune, "//@id")
    assert len(names) == len(set(names))
    referred = {link.removeprefix("#") for link in found(pune, "//@href")} | set(re.findall(r"url\(#([^)]+)\)", pune))
    referred |= {name for label in found(pune, "//@aria-labelledby") for name in label.split()}
    assert referred <= set(names)


def test_pictures_are_described_in_words_and_scroll_by_keyboard(pune):
    pictures = found(pune, "//svg")
    assert len(pictures) == 5
    for picture in pictures:
        assert picture.get("role") == "img"
        assert picture.findtext("title")
        assert picture.findtext("desc")
        assert picture.getparent().get("tabindex") == "0"
    for table in found(pune, "//table"):
        assert table.find(".//thead//th[@scope='col']") is not None
        assert table.getparent().get("tabindex") == "0"


def test_pictures_are_svg_by_themselves_and_take_every_colour_from_the_page(pune):
    for picture in re.findall(r"<svg.*?</svg>", pune, re.DOTALL):
        etree.fromstring(picture)
        assert not re.findall(r"(?:fill|stroke): #[0-9a-f]{6}", picture)
        assert "font-family" not in picture


def test_every_colour_has_one_role_in_the_light_and_one_in_the_dark():
    assert len(set(LIGHT.values())) == len(LIGHT)
    assert LIGHT.keys() == DARK.keys()


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("role", "least"),
    [("ink", 7), ("soft", 4.5), ("good", 4.5), ("conflict", 4.5)]
    + [(role, 3) for role in ("saved", "delivered", "third", "fourth")],
)
def test_what_is_written_and_drawn_stands_out_from_the_paper(palette, role, least):
    lighter, darker = sorted((luminance(palette[role]), luminance(palette["paper"])), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= least


def test_the_page_tells_what_the_story_tells(pune):
    said = words_of(pune)
    for words in (
        "Pune is cut off for three days at year end",
        "Pune was alone for 72 h; 214 entries waited there",
        "Everything held that has to hold",
        "amount: ₹1,200.00 at Pune 2, ₹1,250.00 at Nagpur",
        "44 s later, with Head office",
        "Pune and Pune 2",
        "cut off for 72 h",
        "locked the books up to and with 31 May 2026",
        "khata simulate branch-offline-three-days --seed 7",
        "5f2d" * 16,
        "1,320",
    ):
        assert words in said, words


def test_a_failure_says_what_did_not_hold_and_how_to_see_it_again(tmp_path):
    said = words_of(report(failing(), tmp_path)[0])
    assert "Failed: 2 things did not hold" in said
    assert "Pune and Head office say in sync and differ" in said
    assert "khata simulate 'my scenarios/pune.toml' --seed 4711" in said
    assert "Pune → Head office: 214 commits" in said
    assert "They were never all in sync" in said
    assert "Everything held" not in said


@pytest.mark.parametrize("name", [HOSTILE, "$\\frac{$ _x & \"quoted\" 'too'", "पुणे शाखा", "\u202eenuP\x00\x1b[31m", "_"])
def test_names_are_shown_and_never_obeyed(name, tmp_path):
    story = a_story(
        name,
        about=name,
        scenario=name,
        lanes=(lane(name, (0, HOUR, "cut"), branch=name, unsent=[(0, 3)]), lane(f"{name} 2"), relay(f"R{name}")),
        marks=(mark(5, "lock", name, name), mark(2 * HOUR, "in-sync", name, other=name), mark(5, "saved", name)),
        deliveries=(saved(5, name, None, name),),
        traffic=(Traffic(source=name, target=f"R{name}", bytes=(5,)),),
        conflicts=(Open(name=name, text=name),),
        problems=(Open(name=name, text=name),),
        violations=(Violation(at=5, check=name, text=name),),
        counted={name: 5},
        last_events=(name,),
        trace=name,
    )
    page, _ = report(story, tmp_path)
    assert not found(page, "//script")
    assert HOSTILE not in page
    if name.isprintable():
        assert found(page, "//h1")[0].text_content() == name
        assert any(name[:20] in text for text in found(page, "//svg//text/text()"))
    assert "\x00" not in page


def test_the_same_story_is_the_same_report_in_another_process(tmp_path):
    here = report(pune_cut_off(), tmp_path)
    there = tmp_path / "there.html"
    program = (
        "import sys; from pathlib import Path; from simulations.reports.page import write_report; "
        "from tests.simulations.stories import pune_cut_off; write_report(pune_cut_off(), Path(sys.argv[1]))"
    )
    surroundings = {**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": os.pathsep.join(sys.path), "TZ": "Asia/Kolkata"}
    subprocess.run([sys.executable, "-c", program, str(there)], check=True, env=surroundings, timeout=100)
    assert there.read_text(encoding="utf-8") == here[0]
    assert there.with_suffix(".png").read_bytes() == here[1]


def test_a_failure_is_a_paragraph_of_its_own_and_checks_are_counted(tmp_path):
    often = tuple(Violation(at=5, check="delivered in time", text=f"Sales {number} was late") for number in range(3))
    page, _ = report(a_story(violations=often), tmp_path)
    first, second = found(page, "//p[@class='lead']")
    assert first.text_content().startswith("This run failed: one thing that this scenario expects did not hold.")
    assert first.text_content().endswith("--seed 7 --no-shrink`.")
    assert second.text_content().startswith("No branch was cut off")
    assert "Failed: 1 thing did not hold" in words_of(page)


def test_stock_below_nothing_is_one_line_after_all_else(tmp_path):
    below = tuple(Open(name="negative stock", text=f"{item} is below nothing") for item in ("Rice", "Oil"))
    page, _ = report(a_story(problems=(*below, Open(name="late voucher", text="Sales 1 was late"))), tmp_path)
    rows = [row.text_content().split("\n")[0] for row in found(page, "//section[@aria-labelledby='person']//tbody/tr")]
    assert rows == ["late voucherSales 1 was late", "stock below nothing2 items"]


@pytest.mark.parametrize(("lasts", "healed"), [(DAY, False), (DAY // 2, True)])
def test_the_end_of_what_waited_is_told_and_the_dotted_line_only_where_it_shows(lasts, healed, tmp_path):
    lanes = (lane("Pune", unsent=[(HOUR, 3), (DAY - SECOND, 0)]),)
    said = words_of(report(a_story(lanes=lanes, lasts=lasts), tmp_path)[0])
    assert "When the run ended nothing waited any more." in said
    assert ("The dotted line" in said) == healed


def test_who_sees_a_picture_in_parts_is_told_to_swipe_and_what_the_lanes_are(pune):
    hint, *others = found(pune, "//p[contains(@class, 'swipe')]")
    assert "Swipe sideways" in hint.text_content()
    assert "Lanes from above: Head office, Head office 2, Pune" in hint.text_content()
    assert len(others) == 4


def test_a_cut_is_drawn_as_one_over_the_nights_in_it(tmp_path):
    night = (5 * HOUR, 9 * HOUR, "off")
    page, _ = report(a_story(lanes=(lane("Pune", (HOUR, 20 * HOUR, "cut"), night),)), tmp_path)
    fills = [path.get("style") for path in found(page, "//svg[1]//path[@style]")]
    after_night = fills[fills.index("fill: var(--off)") :]
    # On the lane, and in the legend.
    assert sum(fill.startswith("fill: url(") for fill in after_night) == 2


def test_fifty_branches_for_a_week_fit_on_a_page(tmp_path):
    page, image = report(fifty_branches(), tmp_path)
    assert len(page.encode()) < HTML_BYTES_MAX
    said = words_of(page)
    assert all(f"Branch {number:02}" in said for number in range(2, 51))
    assert "Bytes by line, the 12 busiest of" in said
    assert len(image) < HTML_BYTES_MAX


def test_more_lanes_than_a_page_can_show_are_drawn_in_parts(tmp_path):
    lanes = tuple(lane(f"Branch {number}") for number in range(120))
    said = words_of(report(a_story(lanes=lanes), tmp_path)[0])
    assert "Every device over time, part 3 of 3" in said
    assert "Branch 119" in said


@pytest.mark.parametrize(("ended", "pictures"), [(0, 4), (1, 5), (90 * SECOND, 5), (400 * DAY, 5)])
def test_runs_of_any_length_are_drawn(ended, pictures, tmp_path):
    story = a_story(
        lasts=ended,
        in_sync=ended,
        ended=ended,
        lanes=(lane("Pune", (0, ended, "cut"), unsent=[(0, 1), (ended, 0)]),),
        marks=(mark(ended, "saved", "Pune"), mark(ended, "clash", "Pune")),
        deliveries=(saved(0, "Pune", ended),),
        traffic=(Traffic(source="Pune", target="Delhi", bytes=(1,) * (1 + ended // HOUR)),),
        step_ms=HOUR,
    )
    page, _ = report(story, tmp_path)
    assert page.count("<svg") == pictures


def test_a_report_replaces_an_older_one_and_says_when_it_cannot_be_written(tmp_path):
    (tmp_path / "report.html").write_text("older", encoding="utf-8")
    assert report(a_story(), tmp_path)[0] != "older"
    with pytest.raises(OSError, match="nowhere"):
        write_report(a_story(), tmp_path / "nowhere" / "report.html")


@pytest.mark.parametrize("name", ["report.html", "report.png", "report"])
def test_a_report_is_a_page_and_a_picture_however_it_is_called(name):
    assert report_files(Path("run.2") / name) == (Path("run.2/report.html"), Path("run.2/report.png"))


def said_by(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=100
    ).stdout.strip()  # fmt: skip


def test_what_draws_is_loaded_only_to_draw():
    assert (
        said_by("import sys, simulations.reports.page; print({'matplotlib', 'jinja2'} & set(sys.modules))") == "set()"
    )


def test_where_the_libraries_are_missing_it_is_said_how_to_get_them():
    program = """
import sys
from pathlib import Path
from typing import Any
from crdt_models.errors import KhataError
from simulations.reports.page import write_report
from tests.simulations.stories import a_story
sys.path[:] = [entry for entry in sys.path if "site-packages" not in entry]
try:
    write_report(a_story(), Path("report.html"))
except KhataError as error:
    print(error)
"""
    assert said_by(program) == "a report needs jinja2 and matplotlib, which come with: pip install 'khata[report]'"
