"""What the documents say, compared with the code."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
from typer.main import get_command

from rec_platform.choices import GatedFigure
from rec_platform.cli import app
from rec_platform.definitions import define
from rec_platform.modelling.scorecard import COLUMNS
from rec_platform.modelling.tone import ADULT, FAMILY, TONES
from rec_platform.recipe import Recipe, SelectionPreset
from rec_platform.release.blend import (
    CROWD_FACTOR,
    ENOUGH_GENRES,
    HIDDEN_FACTORS,
    HIDDEN_PULL,
    MIDDLE,
    PARTS,
    WEIGHTS,
    WIDTH,
    strangers,
)
from rec_platform.release.schema import SERIES_MOST
from rec_platform.resources.aws.athena import AthenaWarehouse
from rec_platform.resources.aws.sagemaker import SageMakerClustering
from rec_platform.resources.judgements import RATINGS, JudgementsSource
from rec_platform_tests.api.site import Site
from rec_platform_tests.architecture import COMMAND, LINK, PAGE, renewed

HERE = Path(__file__).parent.parent
README = (HERE / "README.md").read_text()
AWS = (HERE / "docs" / "aws.md").read_text()
ARCHITECTURE = PAGE.read_text()
RECOMMENDATIONS = (HERE / "docs" / "recommendations.md").read_text()
PROJECT_TEXT = (HERE / "pyproject.toml").read_text()
PROJECT = tomllib.loads(PROJECT_TEXT)
FOLDERS = (
    *("api", "benchmarks", "docs", "infra", "rec_platform", "rec_platform_tests"),
    *("requirements", "sql"),
)
DOCUMENTS = [*HERE.glob("*.md"), *(HERE / "docs").glob("*.md"), *HERE.glob("benchmarks/*.md")]


def test_the_readme_names_every_asset() -> None:
    assets = {node.key.to_user_string() for node in define().resolve_asset_graph().asset_nodes}
    table = README.partition("## What happens")[2].partition("## The command")[0]
    assert assets <= set(re.findall(r"`(\w+)`", table))


def test_the_readme_names_every_command() -> None:
    commands = set(get_command(app).commands)  # type: ignore[attr-defined]
    assert set(re.findall(r"^rec-platform (\w+) ", README, re.MULTILINE)) == commands


def test_the_readme_tells_each_option_with_its_variable_and_its_default() -> None:
    refresh = get_command(app).commands["refresh"]  # type: ignore[attr-defined]
    rows = dict(re.findall(r"^\| `(--[\w-]+)` \| (`\w+` \| `?[^|`]+)", README, re.MULTILINE))
    for option in refresh.params:
        name = option.opts[0]
        variable, _, default = rows[name].replace("`", "").strip().partition(" | ")
        assert variable == option.envvar
        shown = getattr(option, "show_default", None)
        assert default == (shown if isinstance(shown, str) else str(option.default))


def test_the_readme_tells_every_field_of_the_recipe() -> None:
    told = set(re.findall(r"`REC_(\w+)`", README))
    assert {name.upper() for name in Recipe.model_fields} <= told
    assert all(f"`{preset}`" in README for preset in SelectionPreset)


def test_the_readme_tells_every_address_of_the_api(tmp_path: Path) -> None:
    told = set(re.findall(r"GET (/[\w/{}]+)", README))
    described = Site(tmp_path).app.openapi()["paths"]
    paths = {re.sub(r"(title|person)_id", "id", path) for path in described}
    assert told == paths


def test_the_parts_are_told_with_their_weights() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", RECOMMENDATIONS, re.MULTILINE)
    assert {part: float(weight) for part, weight in rows} == WEIGHTS
    assert [part for part, _ in rows] == list(PARTS)


def test_likeness_is_told_as_it_is_computed() -> None:
    told = " ".join(RECOMMENDATIONS.partition("### Likeness")[2].partition("### Appeal")[0].split())
    for genre, weight in TONES.items():
        assert re.search(rf"{genre}\b[^.]*? {weight:g}\b", told), genre
    assert f"{FAMILY:g} is taken off" in told
    assert all(genre in told for genre in ADULT)
    assert f"{WEIGHTS['genres']:g} × ln((min(part, {ENOUGH_GENRES:g}) + 0.1)" in told
    assert f"1 / (1 + exp(-(likeness + {-strangers() - MIDDLE:.2f}) / {WIDTH:g}))" in told
    assert SERIES_MOST == 3 and "three are kept at most" in RECOMMENDATIONS


def test_the_knobs_factors_are_told() -> None:
    told = " ".join(RECOMMENDATIONS.partition("### Appeal")[2].partition("## ")[0].split())
    assert f"`popularity` and `quality` are multiplied by {CROWD_FACTOR:g}" in told
    fame, popularity = HIDDEN_FACTORS["fame"], HIDDEN_FACTORS["popularity"]
    assert f"`fame` is multiplied by {fame:g}, that of `popularity` by {popularity:g}" in told
    assert f"the pull is {HIDDEN_PULL:g} for all titles" in told


def test_the_figures_of_the_scorecard_are_told_and_which_are_gated() -> None:
    table = RECOMMENDATIONS.partition("| figure | what it is |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(COLUMNS)
    gate = RECOMMENDATIONS.partition("## The gate")[2]
    assert set(GatedFigure) <= set(re.findall(r"`(\w+)`", gate))
    assert "REC_RATINGS_SOURCE" in README and "REC_JUDGEMENTS_SOURCE" in README


def test_the_columns_of_judgements_are_told_where_they_are_asked_for() -> None:
    table = RECOMMENDATIONS.partition("### What people judge\n")[2].partition("### ")[0]
    told = set(re.findall(r"`(\w+)`", table))
    asked = set(re.findall(r"\b(?:title_id|title|year)_[12]\b", JudgementsSource.advice))
    assert asked == {f"{name}_{side}" for name in ("title_id", "title", "year") for side in (1, 2)}
    assert asked | {"rating", *RATINGS} <= told


def test_make_has_every_target_that_is_told() -> None:
    makefile = (HERE / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    told = {
        name
        for path in DOCUMENTS
        for names in re.findall(r"(?:`|^)make ([a-z -]+)", path.read_text(), re.MULTILINE)
        for name in names.split()
    }
    assert told <= targets


def test_every_dependency_has_its_reason() -> None:
    names = set(re.findall(r'^    "([a-z-]+)(?:\[\w+\])?>=', PROJECT_TEXT, re.MULTILINE))
    table = (HERE / "DECISIONS.md").read_text().partition("## Packages")[2]
    assert names <= set(re.findall(r"[a-z-]+", table))


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_is_linked_or_named_is_there(path: Path) -> None:
    text = path.read_text()
    for linked in re.findall(r"\]\((?!https?:)([^)#\s]+)", text):
        assert (path.parent / linked).exists(), linked
    for named in re.findall(rf"`((?:{'|'.join(FOLDERS)})/[\w./-]*)`", text):
        assert (HERE / named).exists(), named
    # A file may be named by the end of its path, such as `modelling/parts.py`.
    files = [f"/{file}" for folder in FOLDERS for file in (HERE / folder).rglob("*.*")]
    for named in re.findall(r"`([\w./-]+\.(?:py|sql|toml|html|css|js))`", text):
        ours = [*files, f"/{HERE}/pyproject.toml"]
        assert any(file.endswith(f"/{named}") for file in ours), named


def test_what_a_message_sends_people_to_is_there() -> None:
    seen = 0
    for folder in ("rec_platform", "api", "infra"):
        for path in (HERE / folder).rglob("*.py"):
            for text in strings(path):
                for heading, page in re.findall(r'(?:"([^"]+)" in )?(docs/\w+\.md)', text):
                    seen += 1
                    assert heading or page == "docs/keywords.md", f"{path}: where in {page}?"
                    told = (HERE / page).read_text()
                    assert re.search(rf"^#+ {re.escape(heading)}", told, re.MULTILINE), text
                for named in re.findall(r"infra/[\w/-]+\.(?:json|py|yaml)", text):
                    assert (HERE / named).exists(), named
    assert seen > 2


def strings(path: Path) -> list[str]:
    """The texts in a module, without its docstrings."""
    tree = ast.parse(path.read_text())
    docstrings = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings
    ]


def test_the_page_on_the_architecture_is_what_the_code_is() -> None:
    assert renewed(ARCHITECTURE) == ARCHITECTURE, f"run .venv/bin/{COMMAND}"


def test_the_page_on_the_architecture_tells_a_title_in_ten_steps_with_links() -> None:
    story = ARCHITECTURE.partition("## One title")[2].partition("\n## ")[0]
    steps = re.split(r"^\d+\. ", story, flags=re.MULTILINE)[1:]
    assert len(steps) == 10
    assert all(LINK.match(step) for step in steps)


def test_the_page_on_the_architecture_names_the_layers_from_the_top() -> None:
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    table = ARCHITECTURE.partition("| layer |")[2].partition("\n\n")[0]
    told = re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE)
    assert [re.findall(r"\w+", row) for row in told] == [
        re.findall(r"(?<=rec_platform\.)\w+", layer) for layer in layers
    ]


def test_every_policy_is_told_with_a_link() -> None:
    for path in (HERE / "infra" / "policies").glob("*.json"):
        assert f"](../infra/policies/{path.name})" in AWS, path.name


def test_every_setting_of_aws_is_told_with_its_default() -> None:
    told = dict(re.findall(r"^\| `(REC_\w+)` \| `?([^|`]*)`? \|", AWS, re.MULTILINE))
    for prefix, kind in (("REC_ATHENA_", AthenaWarehouse), ("REC_SAGEMAKER_", SageMakerClustering)):
        for name, field in kind.model_fields.items():
            if field.description:
                default = str(field.default).lower() if field.default is True else field.default
                assert told[prefix + name.upper()].strip() == str(default), name
