"""The commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from .._version import __version__
from ._connectomes import CONNECTOMES, open_connectome
from ._info import print_info
from ._maximise import Question, ask
from ._report import report_path

__all__ = ["app"]

app = typer.Typer(
    name="wiregrad",
    help="Question a wiring diagram of a nervous system with gradients.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

DEMO_REPORT = Path("wiregrad-demo.html")

_SELECT = "an index, id, cell type, column=value or /regex/, joined by 'and'; repeat for more"

ConnectomeName = Annotated[
    str, typer.Argument(metavar="CONNECTOME", help=f"One of: {', '.join(CONNECTOMES)}.")
]
UnknownSign = Annotated[
    int,
    typer.Option(
        min=-1,
        max=1,
        help="What connections of unknown sign do: 0 nothing (their input still counts in the "
        "denominator), 1 excite, -1 inhibit.",
    ),
]
Seed = Annotated[
    int, typer.Option(help="Seed of the random start; the same seed, the same answer.")
]
Iterations = Annotated[
    Optional[int],  # noqa: UP045  older versions of typer read no other spelling
    typer.Option(min=1, help="Most forward and backward passes; by default until it is done."),
]
Report = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--out", help="Write the report, one HTML page, to this file."),
]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"wiregrad {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    pass


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Where to write the report.")] = DEMO_REPORT,
    unknown_sign: UnknownSign = 0,
    seed: Seed = 0,
) -> None:
    """Find the sensory neurons of a real worm that switch on its backward-command neurons.

    The same as:

    \b
      wiregrad maximise celegans --inputs role=sensory --targets AVA --steps 3 --value 0.95 \\
          --out wiregrad-demo.html
    """
    question = Question(
        inputs=["role=sensory"],
        targets=["AVA"],
        steps=3,
        value=0.95,
        unknown_sign=unknown_sign,
        seed=seed,
    )
    typer.echo(
        "Which sensory neurons of C. elegans switch on AVA, the command for moving backward?"
    )
    ask(open_connectome("celegans"), question, report_path(out, asked_for=out != DEMO_REPORT))


@app.command()
def info(connectome: ConnectomeName) -> None:
    """Say what a connectome holds, and by which columns its neurons can be selected.

    \b
    Examples:
      wiregrad info celegans
      wiregrad info flyvis_column
    """
    print_info(open_connectome(connectome))


@app.command()
def maximise(
    connectome: ConnectomeName,
    inputs: Annotated[
        list[str], typer.Option(metavar="SELECT", help=f"Neurons to drive: {_SELECT}.")
    ],
    targets: Annotated[
        list[str], typer.Option(metavar="SELECT", help=f"Neurons to switch on: {_SELECT}.")
    ],
    steps: Annotated[int, typer.Option(min=1, help="Synaptic hops from the first input on.")],
    at_step: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="When the targets are to be active; by default at the last step."),
    ] = None,
    value: Annotated[
        float, typer.Option(min=0, max=1, help="Activation asked of each target neuron.")
    ] = 1.0,
    sign: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            help="Where signs come from: 'edges', a column with signs or transmitters, 1 or -1 for "
            "all neurons. By default the connectome's own."
        ),
    ] = None,
    unknown_sign: UnknownSign = 0,
    group_by: Annotated[
        str, typer.Option(help="Column by whose values the answer is summed up.")
    ] = "cell_type",
    seed: Seed = 0,
    iterations: Iterations = None,
    out: Report = None,
) -> None:
    """Find the stimulus that switches neurons on: the fewest inputs that do it.

    \b
    Examples:
      wiregrad maximise celegans --inputs role=sensory --targets AVA --steps 3 --out ava.html
      wiregrad maximise celegans --inputs "/^(ALM|PLM|AVM)/" --targets AVBL --steps 4 --value 0.5
      wiregrad maximise celegans+gap --inputs "role=sensory and side=R" --targets DA --steps 4
      wiregrad maximise flyvis_column --inputs role=input \\
          --targets "T4a and u=0 and v=0" --steps 5

    Exit status: 0; 2 for bad input, and where no target can be reached in the steps given; 130
    after control-C, with the best found so far.
    """
    question = Question(
        inputs=inputs,
        targets=targets,
        steps=steps,
        at_step=at_step,
        value=value,
        sign=sign,
        unknown_sign=unknown_sign,
        group_by=group_by,
        seed=seed,
        iterations=iterations,
    )
    ask(open_connectome(connectome), question, report_path(out, asked_for=True))
