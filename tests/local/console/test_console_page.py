"""The page in a headless Chromium, over an embedded cloud: uploads, verdicts, previews and alarms."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from local.pictures import draw, encode
from local.stack import EmbeddedCloud
from tests.local.console.chromium import Page, open_browser

pytestmark = pytest.mark.slow

HOSTILE = '<img src=x onerror="document.title=1">\u202egpj.jpg'


@pytest.fixture(scope="module")
def page(page_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with open_browser(tmp_path_factory.mktemp("browser")) as page_:
        page_.resize(1200, 900)
        page_.open(page_url)
        page_.wait_for("document.querySelector('[data-sample=match]')?.hidden === false")
        yield page_


def write_picture(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def row_of(name: str) -> str:
    """Return the script that finds the row of an upload of the page by its key; the newest, if there are several."""
    rows = "[...document.querySelectorAll('#uploads tbody tr')]"
    return f"{rows}.find((row) => row.innerText.includes({json.dumps(name)}))"


def test_dropped_picture_is_checked_and_previewed(page: Page, tmp_path: Path) -> None:
    page.choose_files("#files", write_picture(tmp_path, "clean.jpg", encode(draw(41), "JPEG")))

    page.wait_for(f"{row_of('clean.jpg')}?.dataset.status === 'CLEAN'")
    page.wait_for(f"{row_of('clean.jpg')}.innerText.includes('reads it')")
    page.wait_for(f"{row_of('clean.jpg')}.querySelector('img')?.naturalWidth > 0")
    assert page.errors == []


def test_drop_event_uploads_its_files(page: Page) -> None:
    page.evaluate("""(() => {
        const data = new DataTransfer();
        data.items.add(new File(["Bring towels."], "list.txt", { type: "text/plain" }));
        document.getElementById("drop").dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true }));
    })()""")
    page.wait_for(f"{row_of('list.txt')}?.dataset.status === 'SKIPPED'")
    assert page.evaluate(f"{row_of('list.txt')}.querySelector('img')") is None


def test_match_shows_no_picture_and_its_alarm(cloud: EmbeddedCloud, page: Page, tmp_path: Path) -> None:
    assert cloud.emulator
    picture = encode(draw(42), "JPEG")
    cloud.emulator.add_to_test_list(picture, source="Another list", violations=["A1"])
    page.evaluate("""(() => {
        window.previews = 0;
        const make = URL.createObjectURL;
        URL.createObjectURL = (file) => { window.previews += file.name === "match.jpg"; return make(file); };
    })()""")

    page.choose_files("#files", write_picture(tmp_path, "match.jpg", picture))

    page.wait_for(f"{row_of('match.jpg')}?.dataset.status === 'QUARANTINED'")
    page.wait_for(f"/is refused|finds nothing/.test({row_of('match.jpg')}.innerText)")
    assert page.evaluate(f"{row_of('match.jpg')}.querySelector('img')") is None
    assert page.evaluate("window.previews") == 0
    page.wait_for("document.querySelector('[data-alarm=MatchAlarm]').innerText.includes('ALARM')")
    page.wait_for("document.getElementById('headline').innerText.includes('MatchAlarm')")


def test_drawn_match_of_the_button_is_quarantined(page: Page) -> None:
    page.evaluate("document.querySelector('[data-sample=match]').click()")
    page.wait_for(f"{row_of('-match.jpg')}?.dataset.status === 'QUARANTINED'")


def test_upload_of_another_client_is_listed_with_its_verdict(cloud: EmbeddedCloud, page: Page) -> None:
    cloud.user_client("s3").put_object(
        Bucket=cloud.endpoints.upload_bucket, Key=HOSTILE, Body=encode(draw(43), "JPEG"), ContentType="image/jpeg"
    )
    page.wait_for("document.getElementById('results').innerText.includes('onerror')")
    page.wait_for("/onerror[^]*CLEAN/.test(document.getElementById('results').innerText)")

    assert page.evaluate("document.querySelectorAll('#results img').length") == 0
    assert "\\u{202e}gpj" in page.text()
    assert page.evaluate("document.title") == "PhotoDNA guard: local console"
    assert page.errors == []


def test_status_rate_and_unevaluated_alarms_are_shown(page: Page) -> None:
    page.wait_for("document.querySelectorAll('#rate .bar').length > 0")
    page.wait_for("document.querySelector('#rate .limit-text')?.textContent === 'limit 10'")
    page.wait_for("document.getElementById('status').innerText.includes('running')")
    assert "AsyncEventAge" in page.evaluate("document.getElementById('unevaluated').textContent")


def test_screenshot_shows_something(page: Page) -> None:
    with Image.open(io.BytesIO(page.screenshot())) as shot:
        colours = shot.convert("RGB").getcolors(maxcolors=1 << 24) or []
    assert len(colours) > 100
    assert max(count for count, _ in colours) < 0.9 * sum(count for count, _ in colours)


def test_page_says_so_when_the_console_does_not_answer(page: Page) -> None:
    page.evaluate("window.fetch = () => Promise.reject(new Error('gone'))")
    page.wait_for("document.getElementById('connection').classList.contains('lost')")
    assert "Is make up running?" in page.text()
