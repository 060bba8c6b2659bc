"""Cards of corpora that may not be passed on: a small file of the documented layout each, with sentences of our own, read by its card."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from paths import CARDS, FIXTURES

from llms_meet_ner import get_format
from llms_meet_ner.data_converters import ProblemLog, load_card, read_corpus

READ_AS = {
    ("multinerd", "train"): [
        "The [red kite | ANIM] of [Mount Orla | LOC] has no [fever | DIS] .",
        '[Ada Pell | PER] sang " [Low Tide | MEDIA] " aboard the [Larkspur | VEHI] in [May | TIME] .',
    ],
    ("multinerd_b", "train"): [
        "The [red kite | ANIM] of [Mount Orla | LOC] has no [fever | DIS] .",
        '[Ada Pell | PER] sang " Low Tide " aboard the Larkspur in May .',
    ],
    ("atis_ner_tr", "train"): [
        "[Trabzon | LOC] 'dan [yarın | DATE] [sabah | TIME] kalkan uçak",
        "[poyraz hava yollarının | ORG] biletleri [400 | MONEY] liradan az",
        "[q | CODE] nedir",
    ],
    ("histr", "train"): [
        "[Nazif Efendi’nin | PER] mektûbu [Galata’dan | LOC] geldi .",
        "[Kadıköy | LOC] vapuru gecikti .",
    ],
    ("ontonotes5", "train"): [
        "[Mara Holt | PERSON] 's [third | ORDINAL] play ran [two weeks | DATE] in [Leeds | GPE] .",
        "It cost [$ 40 | MONEY] .",
    ],
    ("genia", "dev"): [
        "The [[QZ1 | protein] promoter | DNA] binds [[KR7 | protein] - kinase | protein] .",
        "[Old [human [T cells | cell_type] | cell_type] | cell_line] lack [mRNA | RNA]",
    ],
    ("ace2005", "dev"): [
        "[the mayor of [Ostrel | GPE] | PER] left [[his | PER] office | FAC] by [car | VEH] .",
    ],
}
PANX_ROWS = [
    {"tokens": ["Rıza", "Toprak", "Sinop'ta", "doğdu"], "ner_tags": [1, 2, 5, 0], "langs": ["tr"] * 4},
    {"tokens": ["tr:Yelken", "tr:Vakfı"], "ner_tags": [3, 4], "langs": ["tr"] * 2},
]
WIKIANN_ROWS = [
    {
        "tokens": ["Ada", "Pell", "of", "Ostrel"],
        "ner_tags": [1, 2, 0, 5],
        "langs": ["en"] * 4,
        "spans": ["PER: Ada Pell"],
    }
]


def rendered(name: str, split: str, source: Path, log: ProblemLog | None = None) -> list[str]:
    card = load_card(name)
    fmt = get_format(nested=card.nested)
    return [fmt.render(sentence) for sentence in read_corpus(card, split, source, log=log)]


@pytest.mark.parametrize(("name", "split"), READ_AS, ids=str)
def test_a_card_reads_its_layout(name: str, split: str) -> None:
    source = FIXTURES / name.removesuffix("_b")
    assert rendered(name, split, source) == READ_AS[name, split]


def test_what_the_cards_mend_is_counted() -> None:
    for name, counts in (
        ("histr", {"untagged": 1}),
        ("atis_ner_tr", {}),
        ("genia", {}),
        ("multinerd", {"duplicate": 2, "filtered": 1}),
    ):
        log = ProblemLog()
        split = "dev" if name == "genia" else "train"
        rendered(name, split, FIXTURES / name, log)
        assert (name, dict(log.counts)) == (name, counts)


@pytest.mark.parametrize(
    ("name", "read_as"),
    [
        (
            "turkish_organization_ner",
            ['[Poyraz Telekom | organization] hızlı , ["Dalga" | organization] ise yavaş.', "[Martı | organization] hiç çekmiyor."],
        ),
        (
            "ner_t5_tr",
            ["[Derya Akın | PER] dün [Ordu'ya | LOC] gitti .", "[Yelken Kulübü | ORG] , [Rize | LOC] ve [Muş | LOC] ."],
        ),
    ],
)  # fmt: skip
def test_the_command_in_a_cards_notes_writes_what_the_card_reads(workdir: Path, name: str, read_as: list[str]) -> None:
    for file in (FIXTURES / name).iterdir():
        (workdir / file.name).write_bytes(file.read_bytes())
    command = yaml.safe_load((CARDS / f"{name}.yaml").read_text(encoding="utf-8"))["notes"]
    assert command.startswith("python -c ")
    subprocess.run(["bash", "-c", command.replace("python", sys.executable, 1)], check=True, cwd=workdir)
    assert rendered(name, "train", workdir) == read_as


@pytest.mark.parametrize(
    ("name", "repository", "configuration", "rows", "read_as"),
    [
        ("panx_tr", "google/xtreme", "PAN-X.tr", PANX_ROWS, ["[Rıza Toprak | PER] [Sinop'ta | LOC] doğdu", "[Yelken Vakfı | ORG]"]),
        ("wikiann", "unimelb-nlp/wikiann", "en", WIKIANN_ROWS, ["[Ada Pell | PER] of [Ostrel | LOC]"]),
    ],
)  # fmt: skip
def test_a_card_of_a_hub_data_set_reads_a_copy_of_the_repository(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    repository: str,
    configuration: str,
    rows: list[dict[str, list[str]]],
    read_as: list[str],
) -> None:
    """Of the Hub's layout: a folder a configuration with a Parquet file a split, named in the head of README.md."""
    datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    folder = tmp_path / repository
    (folder / configuration).mkdir(parents=True)
    files = [{"split": split, "path": f"{configuration}/{split}-*"} for split in ("train", "validation", "test")]
    head = yaml.safe_dump({"configs": [{"config_name": configuration, "data_files": files}]})
    (folder / "README.md").write_text(f"---\n{head}---\n")
    for split in ("train", "validation", "test"):
        datasets.Dataset.from_list(rows).to_parquet(folder / configuration / f"{split}-00000-of-00001.parquet")
    for split in ("train", "validation", "test"):
        assert rendered(name, split, tmp_path) == read_as
