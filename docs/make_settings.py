"""Writes configs/default.yaml and docs/settings.md from sonify/settings.py: `python docs/make_settings.py`."""

from pathlib import Path

from sonify.settings import default_yaml, options

HEAD = """# Settings

Made from `sonify/settings.py`. Set one with `--set section.option=value`, or several in a YAML file given with
`--config`; `configs/default.yaml` is such a file with every default. Later sources win: defaults, files, `--set`,
then options such as `--top`.

| setting | default | what it is | values |
|---|---|---|---|
"""


def main() -> None:
    """Writes both files."""
    root = Path(__file__).resolve().parent.parent
    (root / "configs" / "default.yaml").write_text(default_yaml(), "utf-8")
    rows = [f"| `{o.name}` | `{o.default}` | {o.help} | {o.kind} |" for o in options()]
    (root / "docs" / "settings.md").write_text(HEAD + "\n".join(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
