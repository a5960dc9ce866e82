"""``bench ablation``: what each training technique is worth."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from ... import UserError
from ...methods import Budget
from .console import Console

PAGE = """# What each training technique is worth

`{method}` was trained with all techniques, without each in turn, and with none of them. The photos are those
of the validation split, which also chooses the epoch, so the means favour every training alike: compare the
rows, not other reports. Near-grey photos favour dull colours, so they are left out of the means. Differences
are from the first row, photo by photo, with 95% intervals over the photos. They concern these trainings,
{seeds}. Times are of this machine, beside its other work.

```console
{command}
```

{table}"""


def ablation(
    method: Annotated[
        str, typer.Option(help="The network, with parameters that all trainings share.")
    ] = "resnet34-regression[backbone=mobilenetv2_100,size=128,epochs=12]",
    dataset: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[:PATH]", help="Dataset; repeat for several.  [default: samples]"),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Score at most N photos.")] = None,
    seed: Annotated[
        list[int] | None, typer.Option(min=0, help="Seed; repeat the option for several.")
    ] = None,
    budget: Annotated[Budget, typer.Option(help="Length of training.")] = "quick",
    size: Annotated[
        int | None, typer.Option(min=16, help="Side in pixels at which photos are scored.")
    ] = None,
    runs: Annotated[Path, typer.Option(help="Folder for the runs; finished cells are not repeated.")] = Path(
        "runs/ablation"
    ),
    out: Annotated[Path, typer.Option(dir_okay=False, help="The page to write.")] = Path("ablation.md"),
) -> None:
    """Train one network with and without each training technique, and write a table of the differences."""
    from ...files import write_text
    from ..ablation import METRICS, failures, table, variants
    from ..api import run
    from ..run import typed

    trainings = variants(method, budget)
    results = {}
    for title, (name, root) in _titled(dataset or ["samples"]).items():
        results[title] = run(
            methods=[training.label for training in trainings],
            dataset=name,
            **({"data_root": root} if root else {}),
            split="validation",
            limit=limit,
            seeds=tuple(seed or (0,)),
            budget=budget,
            size=size,
            metrics=tuple(METRICS),
            keep_predictions="none",
            out=runs / title,
        )
    seeds = "one seed each" if len(seed or (0,)) == 1 else f"{len(seed or ())} seeds each"
    page = PAGE.format(method=method, seeds=seeds, command=typed(), table=table(trainings, results))
    write_text(out, page)
    failed = failures(trainings, results)
    for line in (*failed, f"table: {out}"):
        Console().print(Text(line), soft_wrap=True)
    if failed:
        raise typer.Exit(1)


def _titled(datasets: list[str]) -> dict[str, tuple[str, str]]:
    """Return the name and the folder of every dataset, by its heading in the table."""
    titled: dict[str, tuple[str, str]] = {}
    for spec in datasets:
        name, _, root = spec.partition(":")
        title = f"{name}-{Path(root).resolve().name}" if name == "folder" else name
        if title in titled:
            raise UserError(f"two --dataset are both called {title}: run the ablation once for each")
        titled[title] = (name, root)
    return titled
