"""The commands and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from .._version import __version__
from ._connectomes import CONNECTOMES, open_connectome
from ._explore import explore_connectome
from ._info import print_info
from ._lesion import LesionQuestion, screen
from ._maximise import ask
from ._options import NetworkQuestion
from ._report import report_of, report_path
from ._sweep import SweepQuestion, ask_all

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
    str,
    typer.Argument(
        metavar="CONNECTOME",
        help=f"One of {', '.join(CONNECTOMES)}; or a file or folder, of the kinds that "
        "'wiregrad convert --help' lists.",
    ),
]
NeuronsFile = Annotated[
    Optional[Path],  # noqa: UP045  older versions of typer read no other spelling
    typer.Option("--neurons", help="The table of neurons, where it is not found by its name."),
]
MinSynapses = Annotated[
    Optional[float],  # noqa: UP045
    typer.Option(min=0, help="Drop connections that count less, all their rows together."),
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
    Optional[int],  # noqa: UP045
    typer.Option(min=1, help="Most forward and backward passes; by default until it is done."),
]
MaxActive = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        metavar="N",
        help="Drive at most so many neurons: 3; or 'entries=5' (neurons at a step), or both, "
        "'neurons=2,entries=5'.",
    ),
]
InputSteps = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(metavar="STEPS", help="Drive at these steps alone: 0 (the start), or '0,1'."),
]
Binary = Annotated[bool, typer.Option("--binary", help="Drive each input fully or not at all.")]
Sign = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        help="Where signs come from: 'edges', a column with signs or transmitters, 1 or -1 for "
        "all neurons, or a list such as 'LN=-1,*=1' of types or ids, * for all others. By "
        "default the connectome's own."
    ),
]
Report = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--out", help="Write the report, one HTML page, to this file."),
]


Silenced = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--silence",
        metavar="SELECT[:MODE]",
        help="Neurons whose synapses have no effect: outgoing ones, or with MODE incoming or both; "
        "repeat for more.",
    ),
]
Clamped = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option(
        "--clamp",
        metavar="SELECT=VALUE[@STEPS]",
        help="Neurons held at an activation, always or at steps such as 2,3; repeat for more.",
    ),
]

ColumnName = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(metavar="COLUMN", help="Where the name is not one of the known ones."),
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
    question = NetworkQuestion(
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
def info(
    connectome: ConnectomeName, neurons: NeuronsFile = None, min_synapses: MinSynapses = None
) -> None:
    """Say what a connectome holds, and by which columns its neurons can be selected.

    \b
    Examples:
      wiregrad info celegans
      wiregrad info flyvis_column
    """
    print_info(open_connectome(connectome, neurons=neurons, min_synapses=min_synapses))


@app.command()
def convert(
    source: Annotated[str, typer.Argument(metavar="IN", help="A file, a folder, or a name.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A folder, new or saved before.")],
    neurons: NeuronsFile = None,
    min_synapses: MinSynapses = None,
    pre: ColumnName = None,
    post: ColumnName = None,
    count: ColumnName = None,
    edge_sign: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="COLUMN", help="With a sign or a transmitter for each connection."),
    ] = None,
    id_column: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--id", metavar="COLUMN", help="Of the neurons' ids."),
    ] = None,
    cell_type: ColumnName = None,
    unit: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="What is counted."),
    ] = None,
    name: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="A short name for reports."),
    ] = None,
    no_self_connections: Annotated[
        bool, typer.Option("--no-self-connections", help="Drop a neuron's own on itself.")
    ] = False,
    drop_unlisted: Annotated[
        bool, typer.Option("--drop-unlisted", help="Drop edges of neurons not in their table.")
    ] = False,
) -> None:
    """Read a connectome from the files it comes in, and save it as a folder that loads fast.

    IN is a table of edges (parquet, feather, csv, tsv; text may be gzipped) with the table of
    neurons beside it, a folder with both, or a matrix [pre, post] in scipy's npz format. The
    columns of FlyWire Codex, neuPrint, CAVE, Shiu et al. 2024, and plain pre, post, count (or
    weight, syn_count, n_syn) are known; name others.

    \b
    Examples:
      wiregrad convert codex/ flywire --min-synapses 5
      wiregrad convert edges.csv larva --neurons meta.csv --count weight --id skid
      wiregrad convert celegans+gap worm
    """
    connectome = open_connectome(
        source,
        neurons=neurons,
        min_synapses=min_synapses,
        pre=pre,
        post=post,
        count=count,
        sign=edge_sign,
        id=id_column,
        cell_type=cell_type,
        unit=unit,
        name=name,
        self_connections=False if no_self_connections else None,
        unlisted="drop" if drop_unlisted else None,
    )
    connectome.save(out)
    print_info(connectome)
    typer.echo(f"\nsaved: {out}")


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
    sign: Sign = None,
    unknown_sign: UnknownSign = 0,
    group_by: Annotated[
        str, typer.Option(help="Column by whose values the answer is summed up.")
    ] = "cell_type",
    seed: Seed = 0,
    iterations: Iterations = None,
    max_active: MaxActive = None,
    input_steps: InputSteps = None,
    binary: Binary = False,
    silence: Silenced = None,
    clamp: Clamped = None,
    out: Report = None,
    neurons: NeuronsFile = None,
    min_synapses: MinSynapses = None,
) -> None:
    """Find the stimulus that switches neurons on: the fewest inputs that do it.

    \b
    Examples:
      wiregrad maximise celegans --inputs role=sensory --targets AVA --steps 3 --out ava.html
      wiregrad maximise celegans --inputs "/^(ALM|PLM|AVM)/" --targets AVBL --steps 4 --value 0.5
      wiregrad maximise celegans --inputs role=sensory --targets AVA --steps 3 --silence AVD
      wiregrad maximise celegans+gap --inputs "role=sensory and side=R" --targets DA --steps 4
      wiregrad maximise celegans --inputs role=sensory --targets AVA --steps 3 \\
          --max-active 3 --input-steps 0 --binary
      wiregrad maximise flyvis_column --inputs role=input \\
          --targets "T4a and u=0 and v=0" --steps 5

    Exit status: 0; 2 for bad input, and where no target can be reached in the steps given; 130
    after control-C, with the best found so far.
    """
    question = NetworkQuestion(
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
        max_active=max_active,
        input_steps=input_steps,
        binary=binary,
        silence=silence or (),
        clamp=clamp or (),
    )
    wiring = open_connectome(connectome, neurons=neurons, min_synapses=min_synapses)
    ask(wiring, question, report_path(out, asked_for=True))


@app.command()
def sweep(
    connectome: ConnectomeName,
    inputs: Annotated[
        list[str], typer.Option(metavar="SELECT", help=f"Neurons to drive: {_SELECT}.")
    ],
    targets: Annotated[
        list[str],
        typer.Option(
            metavar="COLUMN|SELECT",
            help="A column, for a problem of each of its values; or the neurons of one problem; "
            "repeat for more problems.",
        ),
    ],
    steps: Annotated[int, typer.Option(min=1, help="Synaptic hops from the first input on.")],
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="Where to write: a new folder, or to go on with.")
    ],
    at_step: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            "--at-step",
            "--step",
            min=1,
            help="When the targets are to be active; by default at the last step.",
        ),
    ] = None,
    value: Annotated[
        float, typer.Option(min=0, max=1, help="Activation asked of each target neuron.")
    ] = 1.0,
    sign: Sign = None,
    unknown_sign: UnknownSign = 0,
    group_by: Annotated[
        str, typer.Option(help="Column whose values are names of groups.")
    ] = "cell_type",
    seed: Seed = 0,
    iterations: Iterations = None,
    max_active: MaxActive = None,
    input_steps: InputSteps = None,
    binary: Binary = False,
    silence: Silenced = None,
    clamp: Clamped = None,
    batch_size: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="Problems side by side; by default by memory, at most 64."),
    ] = None,
    workers: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="Processes on this machine; by default this one alone."),
    ] = None,
    scheduler: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="ADDRESS", help="A Dask scheduler, such as tcp://node:8786."),
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Ask again what raised an error before.")
    ] = False,
    neurons: NeuronsFile = None,
    min_synapses: MinSynapses = None,
) -> None:
    """Ask the question of 'maximise' for many targets, each by itself, and write to a folder.

    The same command goes on where it stopped, however that came about.

    \b
    Examples:
      wiregrad sweep celegans --inputs role=sensory --targets cell_type --steps 3 --out every-type
      wiregrad sweep celegans --inputs role=sensory --targets AVA --targets AVB --steps 4 \\
          --value 0.9 --out two-types

    Exit status: 0; 1 where problems failed; 2 for bad input; 130 after control-C.
    """
    question = SweepQuestion(
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
        max_active=max_active,
        input_steps=input_steps,
        binary=binary,
        silence=silence or (),
        clamp=clamp or (),
        batch_size=batch_size,
        workers=workers,
        scheduler=scheduler,
        retry_failed=retry_failed,
    )
    wiring = open_connectome(connectome, neurons=neurons, min_synapses=min_synapses)
    ask_all(wiring, question, out)


@app.command()
def lesion(
    connectome: ConnectomeName,
    inputs: Annotated[
        list[str],
        typer.Option(metavar="SELECT", help=f"Neurons to drive at all steps: {_SELECT}."),
    ],
    targets: Annotated[
        list[str], typer.Option(metavar="SELECT", help=f"Neurons to look at: {_SELECT}.")
    ],
    steps: Annotated[int, typer.Option(min=1, help="Synaptic hops from the first input on.")],
    at_step: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="When the targets are looked at; by default at the last step."),
    ] = None,
    value: Annotated[
        float, typer.Option(min=0, max=1, help="Input to each of the driven neurons.")
    ] = 1.0,
    groups: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            metavar="COLUMN|SELECT",
            help="What to silence: a column, for each of its values, or neurons; repeat for more. "
            "By default every group of --group-by.",
        ),
    ] = None,
    mode: Annotated[
        str, typer.Option(help="Synapses without effect: outgoing, incoming or both.")
    ] = "outgoing",
    nulls: Annotated[
        int, typer.Option(min=0, help="Rewired connectomes on which the same is done.")
    ] = 0,
    keep: Annotated[
        str,
        typer.Option(help="What rewiring keeps: degree, degree+sign or type-pairs."),
    ] = "degree+sign",
    sign: Sign = None,
    unknown_sign: UnknownSign = 0,
    group_by: Annotated[
        str, typer.Option(help="Column whose values are names of groups.")
    ] = "cell_type",
    seed: Annotated[int, typer.Option(help="Seed of the first rewired connectome.")] = 0,
    silence: Silenced = None,
    clamp: Clamped = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--out", help="Write the whole table to this file, as csv; to *.html the report."
        ),
    ] = None,
    neurons: NeuronsFile = None,
    min_synapses: MinSynapses = None,
) -> None:
    """Silence every group of neurons in turn, and rank them by what the targets lose.

    \b
    Examples:
      wiregrad lesion celegans --inputs ASH --inputs FLP --targets AVA --steps 3
      wiregrad lesion celegans --inputs ASH --targets AVA --steps 4 --groups AVD --groups AVB \\
          --mode both --out lesions.csv

    Exit status: 0; 2 for bad input.
    """
    question = LesionQuestion(
        inputs=inputs,
        targets=targets,
        steps=steps,
        at_step=at_step,
        value=value,
        sign=sign,
        unknown_sign=unknown_sign,
        group_by=group_by,
        seed=seed,
        silence=silence or (),
        clamp=clamp or (),
        groups=groups or (),
        mode=mode,
        nulls=nulls,
        keep=keep,
    )
    wiring = open_connectome(connectome, neurons=neurons, min_synapses=min_synapses)
    screen(wiring, question, out)


@app.command()
def report(
    result: Annotated[
        Path,
        typer.Argument(
            metavar="RESULT",
            help="The folder of a sweep, finished or not, or one that result.save made: of a "
            "saved answer, an attribution, a lesion screen, a fit or a cross-validation.",
        ),
    ],
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(help="Where to write the page; by default a name made from the result's."),
    ] = None,
    title: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="Heading of the page."),
    ] = None,
    connectome: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(help="What a saved answer was asked of; as for 'wiregrad maximise'."),
    ] = None,
    network: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            help="The network of a fit, the folder that wg.save_network wrote; with --connectome."
        ),
    ] = None,
) -> None:
    """Write a saved result as one HTML page, which opens without a network connection.

    \b
    Examples:
      wiregrad report every-type
      wiregrad report ava --connectome celegans
      wiregrad report lesions-of-ava
      wiregrad report fit --connectome celegans --network fitted-network
      wiregrad report every-type --out every-type.html --title "What switches each type on?"
    """
    typer.echo(f"report: {report_of(result, out, title, connectome, network)}")


@app.command()
def explore(
    connectome: Annotated[
        str,
        typer.Argument(
            metavar="CONNECTOME",
            help="Which is chosen when the page opens; as for 'wiregrad maximise'. The bundled "
            "ones can be chosen too.",
        ),
    ] = "celegans",
    host: Annotated[
        str,
        typer.Option(help="The address to listen on; any other lets other machines ask questions."),
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port; 0 takes any that is free.")
    ] = 8050,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the page.")] = False,
    sign: Sign = None,
    neurons: NeuronsFile = None,
    min_synapses: MinSynapses = None,
) -> None:
    """Ask questions on a page in a browser: stimuli, lesions, attributions, circuits.

    It is served on this machine, to this machine, until control-C.

    \b
    Examples:
      wiregrad explore
      wiregrad explore flywire --open
    """
    explore_connectome(
        connectome,
        sign=sign,
        host=host,
        port=port,
        open_browser=open_browser,
        neurons=neurons,
        min_synapses=min_synapses,
    )
