"""The explorer, used as a person would: in Chromium, and without a network."""

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait
from test_report import assert_offline, chromium, wait_for  # noqa: F401

import made_up
from fa.pages.explorer import write_explorer

SEEDS = 4
# Of the runs and the medians above the strip: a run's label gives its seed.
RUNS = '#chart path[aria-roledescription="line mark"][aria-label*="seed: "]'
STRIP = '#chart [class$="_1_group"] .background'


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """Return the explorer of made-up runs."""
    folder = tmp_path_factory.mktemp("explorer")
    names = ("table1", "table2", "controls")
    made_up.write(
        folder, made_up.study_runs({name: made_up.EXPERIMENTS[name] for name in names}, SEEDS)
    )
    write_explorer(folder, folder / "explorer.html")
    return folder / "explorer.html"


@pytest.fixture(params=[1400, 390], ids=str)
def page(request, chromium, file):  # noqa: F811
    """Return the browser with the page open, at the width of a desk's screen and of a phone's."""
    for log in ("performance", "browser"):
        chromium.get_log(log)
    size = {"width": request.param, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    chromium.get(file.as_uri())
    wait_for(chromium, "#chart svg")
    yield chromium
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def runs(page):
    """Return the labels of the runs that are drawn."""
    return [line.get_attribute("aria-label") for line in page.find_elements(By.CSS_SELECTOR, RUNS)]


def until(page, condition):
    """Wait until something is so."""
    WebDriverWait(page, 20).until(lambda _: condition())


def choose(page, menu, text):
    """Choose an entry of one of the page's menus."""
    Select(page.find_element(By.ID, menu)).select_by_visible_text(text)


def ticks(page):
    """Return the last epoch that the upper chart's axis names, and the first."""
    axis = page.find_elements(
        By.CSS_SELECTOR, "#chart [aria-label^=\"X-axis titled 'epoch'\"] text"
    )
    numbers = [int(text.text) for text in axis if text.text.isdigit()]
    return min(numbers), max(numbers)


def drag(page, start, end):
    """Drag over the strip, between two shares of its width."""
    strip = page.find_element(By.CSS_SELECTOR, STRIP)
    width = strip.rect["width"]
    (
        ActionChains(page)
        .move_to_element_with_offset(strip, (start - 0.5) * width, 0)
        .click_and_hold()
        .move_by_offset((end - start) * width / 2, 0)
        .move_by_offset((end - start) * width / 2, 0)
        .release()
        .perform()
    )


def test_it_asks_nothing_of_the_network_and_no_script_fails(page):
    choose(page, "measure", "Pearson r")
    until(page, lambda: len(runs(page)) == 2 * SEEDS)
    assert_offline(page)
    assert page.get_log("browser") == []


def test_nothing_is_wider_than_the_window(page):
    for experiment in (
        "Table 1: random feedback against backprop",
        "Controls: growing scale and fixed weights",
    ):
        choose(page, "experiment", experiment)
        width = page.execute_script("return document.documentElement.clientWidth")
        assert page.execute_script("return document.documentElement.scrollWidth") <= width
        assert page.find_element(By.CSS_SELECTOR, "#chart svg").rect["width"] > 0.85 * width


def test_a_choice_shows_a_line_for_each_run_and_says_n(page):
    assert len(runs(page)) == 2 * SEEDS
    choose(page, "experiment", "Controls: growing scale and fixed weights")
    until(page, lambda: len(runs(page)) == 5 * SEEDS)
    assert page.find_element(By.ID, "count").text.count(f"n = {SEEDS}") == 5
    choose(page, "experiment", "Table 1: random feedback against backprop")
    settings = [option.text for option in Select(page.find_element(By.ID, "setting")).options]
    assert settings == [
        f"{hidden} hidden units, batch {batch}, rate 0.07, 200 epochs"
        for hidden in (20, 40)
        for batch in (100, 200)
    ]
    before = page.find_element(By.CSS_SELECTOR, RUNS).get_attribute("d")
    choose(page, "setting", settings[-1])
    until(page, lambda: len(runs(page)) == 2 * SEEDS)
    assert page.find_element(By.CSS_SELECTOR, RUNS).get_attribute("d") != before
    for measure in ("test accuracy", "Pearson r", "loss per sample, mean over the epoch"):
        choose(page, "measure", measure)
        until(page, lambda: len(runs(page)) == 2 * SEEDS)


def test_the_legend_picks_rules(page):
    def click(rule):
        for entry in page.find_elements(By.CSS_SELECTOR, "#chart .role-legend-label text"):
            if entry.text == rule:
                ActionChains(page).move_to_element(entry).click().perform()

    click("random feedback")
    until(page, lambda: len(runs(page)) == SEEDS)
    assert all("rule: random feedback" in label for label in runs(page))
    click("backprop")
    until(page, lambda: len(runs(page)) == 2 * SEEDS)
    click("random feedback")
    until(page, lambda: len(runs(page)) == SEEDS)
    assert all("rule: backprop" in label for label in runs(page))


def test_the_strip_chooses_epochs(page):
    assert ticks(page)[0] == 0
    drag(page, 0.5, 0.8)
    until(page, lambda: ticks(page)[0] >= 99 and ticks(page)[1] <= 161)
    strip = page.find_element(By.CSS_SELECTOR, STRIP)
    ActionChains(page).move_to_element_with_offset(
        strip, 0.1 * strip.rect["width"], 0
    ).double_click().perform()
    until(page, lambda: ticks(page)[0] == 0)


@pytest.mark.parametrize("page", [1400], indirect=True)  # a phone has nothing to point with
def test_a_run_says_its_seed(page):
    line = page.find_elements(By.CSS_SELECTOR, RUNS)[0]
    # A point of whole pixels on it, with no other line above.
    x, y = page.execute_script(
        """const [line] = arguments, length = line.getTotalLength();
        for (let at = 0.9 * length; at > 0; at -= 1) {
          const point = line.getPointAtLength(at).matrixTransform(line.getScreenCTM());
          const [x, y] = [Math.round(point.x), Math.round(point.y)];
          if (document.elementFromPoint(x, y) === line) return [x, y];
        }""",
        line,
    )
    for away in (40, 0):
        mouse = {"type": "mouseMoved", "x": x - away, "y": y - away}
        page.execute_cdp_cmd("Input.dispatchMouseEvent", mouse)
    tooltip = wait_for(page, "#vg-tooltip-element.visible")
    assert "seed" in tooltip.text and "rule" in tooltip.text
    # Its seed is marked for both rules.
    until(page, lambda: len(runs(page)) == 2 * SEEDS + 2)
