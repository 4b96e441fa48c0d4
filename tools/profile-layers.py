#!/usr/bin/env python3
"""Times every layer of a PyTorch module, forward and backward, and writes the CSV that `berth calibrate` fits.

    python3 tools/profile-layers.py --module torchvision.models:resnet50 --input 3x224x224 --batch 16,32,64 --out profile.csv
    python3 tools/profile-layers.py --module my_package.nets:make_net --arg width=64 --input 384 --tokens 30522 --out profile.csv
    npx berth calibrate profile.csv --gpu A10 --framework pytorch --out a10-pytorch.json

One file, nothing besides PyTorch (1.13 or newer) is needed. `--module package:factory` names a class or function; calling it
(with the --arg values) makes the torch.nn.Module. The current folder is searched first.

How it measures
  Training iterations are run as they are (forward, loss, backward, SGD with momentum). Hooks mark the start and end of every leaf
  module: forward before and after the call, backward from the moment the gradient of its output is there to the moment those of
  its input and weights are. On a GPU marks are CUDA events on the stream, so that kernels are timed and nothing waits between
  them; on a CPU they are time.perf_counter, and the result is that of the CPU. After `--warmup` iterations the median of
  `--repeats` is written, in milliseconds per batch.
  Additions, concatenations and functional relus become modules first (torch.fx), so that they are timed too; where a module
  cannot be traced, they are missing and the coverage printed at the end is lower. In-place activations are made out of place.

What is not written is listed on standard error, never dropped in silence: module types without a kind in the CSV (its reader
refuses what it does not know), dilated and transposed convolutions, recurrent modules of several layers.
The optimizer step and the whole iteration are printed, and written with --summary.
"""

import argparse
import csv
import importlib
import json
import operator
import statistics
import sys
import time

import torch
import torch.fx
from torch import nn

COLUMNS = (
    "network batch layer kind input output kernel stride pad groups forwardMilliseconds backwardMilliseconds".split()
)
ACTIVATIONS = (
    nn.Sigmoid, nn.Tanh, nn.GELU, nn.SiLU, nn.Mish, nn.Hardswish, nn.Hardsigmoid, nn.Hardtanh, nn.LeakyReLU, nn.PReLU,
    nn.ELU, nn.SELU, nn.CELU, nn.Softplus, nn.LogSigmoid,
)  # fmt: skip
NORMS = (
    nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm, nn.GroupNorm, nn.InstanceNorm1d, nn.InstanceNorm2d,
)  # fmt: skip
DROPOUTS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.AlphaDropout)
RESHAPES = (nn.Flatten, nn.Unflatten, nn.Identity)


class Add(nn.Module):
    """A residual addition."""

    def forward(self, left, right):
        return left + right


class Concat(nn.Module):
    """A concatenation."""

    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, *tensors):
        return torch.cat(tensors, self.dim)


class Loss(nn.Module):
    """Cross entropy on class scores; the mean square on an output of any other shape."""

    def forward(self, output, labels):
        if labels is None:
            return output.float().pow(2).mean()
        return nn.functional.cross_entropy(output.flatten(0, -2), labels)


class GpuClock:
    """Marks are CUDA events; reading them waits for the GPU once per iteration."""

    def mark(self):
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def settle(self):
        torch.cuda.synchronize()

    def milliseconds(self, start, end):
        return start.elapsed_time(end)


class CpuClock:
    """Marks are time.perf_counter: PyTorch computes on the CPU before a call returns."""

    def mark(self):
        return time.perf_counter()

    def settle(self):
        pass

    def milliseconds(self, start, end):
        return 1000 * (end - start)


class Call:
    """One call of one module within an iteration."""

    def __init__(self, name, module, start):
        self.name, self.module, self.start = name, module, start
        self.end = self.backward_start = self.backward_end = None
        self.input_shape = self.output_shape = None


class Recorder:
    """Hooks on leaf modules; `calls` holds those of the running iteration in the order of the forward pass."""

    def __init__(self, clock):
        self.clock, self.calls, self.running = clock, [], {}

    def attach(self, name, module):
        module.register_forward_pre_hook(lambda _, inputs: self.forward_starts(name, module))
        module.register_forward_hook(lambda _, inputs, output: self.forward_ends(module, inputs, output))
        module.register_full_backward_hook(lambda _, grad_in, grad_out: self.backward_ends(module))
        for parameter in module.parameters():
            parameter.register_hook(lambda grad: self.backward_ends(module))

    def forward_starts(self, name, module):
        call = Call(name, module, self.clock.mark())
        self.calls.append(call)
        self.running[module] = call

    def forward_ends(self, module, inputs, output):
        call = self.running.pop(module)
        call.end = self.clock.mark()
        tensors = [value for value in inputs if torch.is_tensor(value)]
        result = first_tensor(output)
        call.input_shape = tuple(tensors[0].shape) if tensors else ()
        call.output_shape = tuple(result.shape)
        if result.requires_grad:
            result.register_hook(lambda grad: self.backward_starts(module, call))

    def backward_starts(self, module, call):
        self.running[module] = call
        call.backward_start = call.backward_end = self.clock.mark()

    def backward_ends(self, module):
        call = self.running.get(module)
        if call is not None and call.backward_start is not None:
            call.backward_end = self.clock.mark()

    def times(self):
        """(forward, backward) in ms of each call; backward is None where nothing was learned or passed on."""
        self.clock.settle()
        return [
            (
                self.clock.milliseconds(call.start, call.end),
                None if call.backward_start is None else self.clock.milliseconds(call.backward_start, call.backward_end),
            )
            for call in self.calls
        ]


def first_tensor(value):
    """The tensor of an output that may be a tuple, a dictionary or an object with `logits`."""
    if torch.is_tensor(value):
        return value
    if hasattr(value, "logits"):
        return value.logits
    if isinstance(value, dict):
        value = list(value.values())
    return first_tensor(value[0])


def with_modules_for_functions(model):
    """Turns additions, concatenations and functional relus into modules; the model itself where it cannot be traced."""
    try:
        traced = torch.fx.symbolic_trace(model)
    except Exception as error:  # torch.fx raises many types for control flow that depends on data
        warn(f"functional additions, concatenations and relus are not timed: torch.fx cannot trace the module ({error})")
        return model
    for node in list(traced.graph.nodes):
        made = None
        tensors = [value for value in node.args if isinstance(value, torch.fx.Node)]
        if node.op == "call_function" and node.target in (operator.add, operator.iadd, torch.add) and len(tensors) == 2:
            made, arguments = Add(), tuple(tensors)
        elif node.op == "call_function" and node.target in (torch.cat, torch.concat):
            parts = node.args[0] if node.args else node.kwargs["tensors"]
            dim = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else 0)
            if isinstance(parts, (list, tuple)) and isinstance(dim, int):
                made, arguments = Concat(dim), tuple(parts)
        elif node.op == "call_function" and node.target in (torch.relu, nn.functional.relu) and tensors:
            made, arguments = nn.ReLU(), (tensors[0],)
        if made is None:
            continue
        traced.add_submodule(f"fn_{node.name}", made)
        with traced.graph.inserting_before(node):
            call = traced.graph.call_module(f"fn_{node.name}", arguments)
        node.replace_all_uses_with(call)
        traced.graph.erase_node(node)
    traced.recompile()
    return traced


def leaves(model):
    """Modules timed by themselves: those without children, and attention as a whole (its projections run inside one call)."""
    found = []

    def visit(name, module):
        children = list(module.named_children())
        if isinstance(module, nn.MultiheadAttention) or not children:
            found.append((name or type(module).__name__.lower(), module))
            return
        for child_name, child in children:
            visit(f"{name}.{child_name}" if name else child_name, child)

    visit("", model)
    return found


def shape_text(shape):
    """Shape of one sample: the batch is left out, leading axes beyond three are merged."""
    sizes = list(shape[1:]) or [1]
    while len(sizes) > 3:
        sizes[0:2] = [sizes[0] * sizes[1]]
    return "x".join(str(size) for size in sizes)


def pair_text(value):
    """One number where height and width agree, else HxW."""
    first, second = value if isinstance(value, (tuple, list)) else (value, value)
    return str(first) if first == second else f"{first}x{second}"


def row_of(call):
    """Cells that say what a call computes, or (None, why it has no row)."""
    module = call.module
    row = {"input": shape_text(call.input_shape), "output": shape_text(call.output_shape)}
    if isinstance(module, (nn.Conv1d, nn.Conv2d)):
        return conv_row(row, module, call)
    if isinstance(module, nn.Linear):
        return {**row, "kind": "fc"}, None
    if isinstance(module, (nn.MaxPool2d, nn.AvgPool2d)):
        if getattr(module, "dilation", 1) not in (1, (1, 1)):
            return None, "dilated pooling"
        window = {"kernel": pair_text(module.kernel_size), "stride": pair_text(module.stride or module.kernel_size)}
        return {**row, "kind": "pool", **window, "pad": pair_text(module.padding)}, None
    if isinstance(module, (nn.AdaptiveAvgPool2d, nn.AdaptiveMaxPool2d)):
        return {**row, "kind": "pool"}, None
    if isinstance(module, nn.LocalResponseNorm):
        return {**row, "kind": "norm", "kernel": str(module.size)}, None
    if isinstance(module, (nn.LSTM, nn.GRU, nn.RNN)):
        if module.num_layers != 1:
            return None, f"recurrent module of {module.num_layers} layers; use one module for each"
        # Features are the last axis; steps the axis that is not the batch's.
        step_axis = 1 if module.batch_first else 0
        shapes = {
            side: f"{shape[step_axis]}x{shape[2]}"
            for side, shape in (("input", call.input_shape), ("output", call.output_shape))
        }
        return {**shapes, "kind": "recurrent"}, None
    for types, kind in (
        ((nn.ReLU,), "relu"),
        ((nn.ReLU6,), "activation"),
        (ACTIVATIONS, "activation"),
        ((nn.Softmax, nn.LogSoftmax), "softmax"),
        (NORMS, "norm"),
        (DROPOUTS, "dropout"),
        ((nn.Embedding,), "embedding"),
        (RESHAPES, "reshape"),
        ((Add,), "add"),
    ):
        if isinstance(module, types):
            return {**row, "kind": kind}, None
    if isinstance(module, Concat):
        return {**row, "input": row["output"], "kind": "concat"}, None
    if isinstance(module, Loss):
        return {**row, "output": "1", "kind": "loss"}, None
    return None, f"{type(module).__name__} has no kind in the CSV"


def conv_row(row, module, call):
    if any(step != 1 for step in module.dilation):
        return None, "dilated convolution"
    cells = {"kind": "conv", "groups": str(module.groups)}
    if isinstance(module.padding, str):
        pad = [0 if module.padding == "valid" else (size - 1) // 2 for size in module.kernel_size]
    else:
        pad = list(module.padding)
    if isinstance(module, nn.Conv1d):
        shapes = {
            side: f"{shape[1]}x1x{shape[2]}"
            for side, shape in (("input", call.input_shape), ("output", call.output_shape))
        }
        window = {"kernel": f"1x{module.kernel_size[0]}", "stride": f"1x{module.stride[0]}", "pad": f"0x{pad[0]}"}
        return {**shapes, **cells, **window}, None
    window = {"kernel": pair_text(module.kernel_size), "stride": pair_text(module.stride), "pad": pair_text(tuple(pad))}
    return {**row, **cells, **window}, None


def make_module(name, arguments):
    package, _, factory = name.partition(":")
    if not factory:
        raise SystemExit(f'--module "{name}" does not name a factory; give package:factory, such as torchvision.models:resnet50')
    sys.path.insert(0, "")
    try:
        made = getattr(importlib.import_module(package), factory)
    except (ImportError, AttributeError) as error:
        raise SystemExit(f"--module {name}: {error}. Is the package installed, or in the current folder?") from error
    module = made(**dict(argument_of(text) for text in arguments))
    if not isinstance(module, nn.Module):
        raise SystemExit(f"--module {name} makes a {type(module).__name__}, not a torch.nn.Module")
    return module


def argument_of(text):
    key, _, value = text.partition("=")
    try:
        return key, json.loads(value)
    except json.JSONDecodeError:
        return key, value


def labels_for(output):
    """Random labels for class scores [batch, …, classes]; None where the output is an image or one number."""
    if output.dim() not in (2, 3) or output.shape[-1] < 2:
        return None
    count = output[..., 0].numel()
    return torch.randint(output.shape[-1], (count,), device=output.device)


def profile(model, options, batch, device):
    """Rows of one batch size, what has none, and the whole iteration."""
    clock = GpuClock() if device.type == "cuda" else CpuClock()
    recorder = Recorder(clock)
    loss = Loss()
    for name, module in [*leaves(model), ("loss", loss)]:
        recorder.attach(name, module)
    sizes = [batch, *options.input]
    data = (
        torch.randn(sizes, device=device)
        if options.tokens is None
        else torch.randint(options.tokens, sizes, device=device)
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-6, momentum=0.9)
    with torch.no_grad():
        labels = labels_for(first_tensor(model(data)))
    runs, steps, iterations, calls = [], [], [], []
    for index in range(options.warmup + options.repeats):
        recorder.calls.clear()
        optimizer.zero_grad(set_to_none=True)
        clock.settle()
        start = clock.mark()
        loss(first_tensor(model(data)), labels).backward()
        before = clock.mark()
        optimizer.step()
        end = clock.mark()
        times = recorder.times()
        if index >= options.warmup:
            calls = list(recorder.calls)
            runs.append(times)
            steps.append(clock.milliseconds(before, end))
            iterations.append(clock.milliseconds(start, end))
        recorder.calls.clear()
    if len({len(run) for run in runs}) != 1:
        raise SystemExit("The module makes a different number of calls in each iteration; it cannot be profiled by layer.")
    medians = [
        (statistics.median(run[index][0] for run in runs), median_or_none([run[index][1] for run in runs]))
        for index in range(len(calls))
    ]
    return calls, medians, statistics.median(iterations), statistics.median(steps)


def median_or_none(values):
    return None if any(value is None for value in values) else statistics.median(values)


def written_rows(network, batch, calls, medians):
    rows, left_out, counts = [], {}, {}
    for call, (forward, backward) in zip(calls, medians):
        cells, reason = row_of(call)
        if cells is None:
            left_out.setdefault(reason, []).append((call.name, forward + (backward or 0)))
            continue
        counts[call.name] = counts.get(call.name, 0) + 1
        number = counts[call.name]
        name = call.name if number == 1 else f"{call.name}#{number}"
        rows.append(
            {
                **dict.fromkeys(COLUMNS, ""),
                **cells,
                "network": network,
                "batch": str(batch),
                "layer": name,
                "forwardMilliseconds": f"{forward:.6g}",
                "backwardMilliseconds": "" if backward is None else f"{backward:.6g}",
            }
        )
    return rows, left_out


def warn(text):
    print(text, file=sys.stderr)


def read_options():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--module", required=True, help="package:factory that makes the torch.nn.Module")
    parser.add_argument("--arg", action="append", default=[], help="keyword of the factory, name=JSON; may be repeated")
    parser.add_argument("--input", required=True, help="shape of one sample: 3x224x224, or the number of tokens")
    parser.add_argument("--tokens", type=int, help="feed whole numbers below this (a vocabulary) instead of real ones")
    parser.add_argument("--batch", default="32", help="samples of a batch; several, as 16,32,64, fit better")
    parser.add_argument("--network", help="name in the CSV (default: the factory's)")
    parser.add_argument("--out", required=True, help="CSV file to write")
    parser.add_argument("--summary", help="JSON file for the device, the whole iteration and the optimizer step")
    parser.add_argument("--device", choices=["cuda", "cpu"], help="default: cuda where there is one")
    parser.add_argument("--warmup", type=int, default=10, help="iterations before measuring")
    parser.add_argument("--repeats", type=int, default=30, help="iterations of which the median is taken")
    parser.add_argument("--cudnn-benchmark", action="store_true", help="let cuDNN try its algorithms in the warm-up")
    options = parser.parse_args()
    try:
        options.input = [int(size) for size in options.input.lower().split("x")]
        options.batch = [int(size) for size in options.batch.split(",")]
    except ValueError:
        parser.error("--input takes sizes joined by x (3x224x224), --batch whole numbers joined by commas (16,32)")
    if min([*options.input, *options.batch, options.repeats]) < 1 or options.warmup < 0:
        parser.error("sizes, batches and repeats are 1 or more, warmup 0 or more")
    return options


def main():
    options = read_options()
    name = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise SystemExit("--device cuda: PyTorch sees no CUDA GPU; check the driver, or use --device cpu")
    device = torch.device(name)
    torch.backends.cudnn.benchmark = options.cudnn_benchmark
    hardware = torch.cuda.get_device_name(device) if name == "cuda" else "CPU"
    if name == "cpu":
        warn("Measured on the CPU with time.perf_counter: these are times of this CPU, and say nothing about a GPU.")
    network = options.network or options.module.partition(":")[2]
    rows, summary = [], []
    for batch in options.batch:
        model = make_module(options.module, options.arg)
        for module in model.modules():
            if getattr(module, "inplace", False):
                module.inplace = False
        model = with_modules_for_functions(model.train()).to(device).train()
        calls, medians, iteration, step = profile(model, options, batch, device)
        new_rows, left_out = written_rows(network, batch, calls, medians)
        rows += new_rows
        covered = sum(forward + (backward or 0) for forward, backward in medians)
        for reason, found in left_out.items():
            took = sum(milliseconds for _, milliseconds in found)
            warn(f"batch {batch}: left out {len(found)} calls, {took:.3g} ms: {reason} ({', '.join(call for call, _ in found[:5])})")
        warn(
            f"batch {batch}: iteration {iteration:.4g} ms, of it optimizer step {step:.4g} ms; "
            f"{len(new_rows)} rows, timed modules cover {100 * (covered + step) / iteration:.0f} %"
        )
        summary.append(
            {"batch": batch, "iterationMilliseconds": iteration, "optimizerStepMilliseconds": step, "timedMilliseconds": covered}
        )
    with open(options.out, "w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    if options.summary:
        about = {
            "module": options.module,
            "device": hardware,
            "torch": torch.__version__,
            "cuda": torch.version.cuda,
            "tf32": name == "cuda" and torch.backends.cudnn.allow_tf32,
            "warmup": options.warmup,
            "repeats": options.repeats,
            "batches": summary,
        }
        with open(options.summary, "w") as file:
            json.dump(about, file, indent=2)
    warn(f"{options.out}: {len(rows)} rows from {hardware}, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
