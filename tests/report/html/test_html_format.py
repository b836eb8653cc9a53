"""The HTML page as it is written: what a reader without scripts gets, and what scripts are given."""

from layerscope.report.context import RenderContext
from layerscope.report.html.html_format import HtmlFormat
from layerscope.report.html.markup import element, write_line, write_text
from support.report_checks import check_html
from support.results import ResultRecipe, make_finding, make_result
from support.tar_writer import file

RECIPE = ResultRecipe(
    layers=[[file("bin/sh", b"x" * 100)], [file("srv/a", b"y" * 50)]],
    instructions=["FROM scratch", "COPY . /srv"],
    findings=[
        make_finding("LAY104", (1, "srv/a"), rule="leftover-package-cache", message="A cache", fix="Remove it"),
        make_finding("CONF001", rule="root-user", message="Nobody is named"),
    ],
)


def render(recipe: ResultRecipe = RECIPE) -> str:
    """The page of a recipe."""
    return HtmlFormat().render(make_result(recipe), RenderContext())


def test_without_a_script_the_page_has_findings_layers_and_digests() -> None:
    """They are in the text of the page, the worst finding first, and what needs the script is hidden."""
    page = check_html(render())
    text = " ".join(" ".join(page.texts).split())
    for told in ("LAY104 leftover-package-cache", "A cache", "/srv/a", "Remove it", "layer 1: COPY . /srv", "Passed"):
        assert told.lower() in text.lower()
    assert str(make_result(RECIPE).image.manifest_digest) in text
    assert page.tags.count("table") == 1
    assert '<section id="sizes" aria-labelledby="sizes-title" data-script hidden>' in render()


def test_the_script_gets_rows_and_no_markup() -> None:
    """Folders, files with layers, instructions; no sign of it could end the element that it lies in."""
    page = check_html(render())
    assert page.data["layers"] == ["FROM scratch", "COPY . /srv"]
    assert page.data["files"] == [[1, "sh", 0, 100, 0, 0], [2, "a", 1, 50, 0, 1]]
    assert "<" not in render().partition('id="data">')[2].partition("</script>")[0]


def test_an_image_without_anything_has_a_page() -> None:
    """No layers, no findings."""
    page = check_html(render(ResultRecipe()))
    assert "Nothing found." in page.texts


def test_a_place_of_the_template_in_a_text_is_text() -> None:
    """The page is put together in one go: what is put in is not looked through again."""
    assert "{{data}} {{script}}" in render(ResultRecipe(reference="{{data}} {{script}}"))


def test_markup_escapes_text_and_attributes() -> None:
    """Quotes, too; a space around words stays, a line end becomes one or is shown."""
    assert write_text("<a b='\">&\n") == "&lt;a b=&#x27;&quot;&gt;&amp;\\n"
    assert write_line(" a\n b ") == " a b "
    assert (
        element("p", write_line("x"), class_='"', data_layer="1", id=None) == '<p class="&quot;" data-layer="1">x</p>'
    )
