"""The model card of an exported model, in the form that Hugging Face reads."""

from __future__ import annotations

from typing import Any

from ...reports.text import number_or_dash
from ...wording import counted


def model_card(model: dict[str, Any]) -> str:
    """Return a model card: metadata with the figures as ``model-index``, and a text for people.

    Parameters
    ----------
    model
        The content of ``model.json``; see `huebench.bench.models.folder.describe`.
    """
    from huggingface_hub import EvalResult, ModelCardData

    scored = model["scored_on"]
    results = [
        EvalResult(
            task_type="image-to-image",
            task_name="image colorization",
            dataset_type=scored["name"],
            dataset_name=scored["name"],
            metric_type=figure["metric"],
            metric_name=figure["title"],
            metric_value=figure["value"],
        )
        for figure in model["figures"]
    ]
    name = f"huebench {model['method']}"
    data = ModelCardData(
        license="other",
        license_name="licence-of-the-training-photos",
        library_name="huebench",
        pipeline_tag="image-to-image",
        tags=["image-colorization", "huebench"],
        model_name=name,
        eval_results=results or None,
    )
    return f"---\n{data.to_yaml()}\n---\n\n{_text(name, model)}"


def _text(name: str, model: dict[str, Any]) -> str:
    trained, scored = model["training_data"], model["scored_on"]
    rows = "\n".join(
        f"| {each['title']} | {_number(each['value'])} | {_interval(each)} |" for each in model["figures"]
    )
    fingerprint = f", fingerprint `{trained['fingerprint']}`" if trained["fingerprint"] else ""
    return f"""# {name}

This model colorizes grey photos: it takes CIE L\\* and predicts a\\*b\\*. Its colours are guesses,
not history.

## Use it

```console
$ bench colorize scans --model .
$ bench run --methods model:.
```

## Training

- Method: `{model["method"]}`, family {model["family"]}, {number_or_dash(model["parameter_count"])} weights
- Photos: the training split of `{trained["name"]}`{fingerprint}
- Licence of these photos: {trained["licence"] or "unknown"}
- Budget `{model["budget"]}`, seed {model["seed"]}

## Figures

On {counted(scored["photos"], "photo")} of `{scored["name"]}` (fingerprint `{scored["fingerprint"]}`),
under the protocol `{model["protocol_digest"]}`, with 95% bootstrap intervals over photos:

| metric | value | interval |
|---|---:|---|
{rows}

The command was:

```console
$ {model["command"]}
```

Made with huebench {model["huebench"]}.
"""


def _number(value: float) -> str:
    return f"{value:.4g}"


def _interval(figure: dict[str, Any]) -> str:
    if figure["low"] is None or figure["high"] is None:
        return ""
    return f"{_number(figure['low'])} … {_number(figure['high'])}"
