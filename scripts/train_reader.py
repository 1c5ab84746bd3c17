"""Train the reader on pairs of a question and a text, and write its weights. Needs torch, which nothing else does.

    python scripts/train_reader.py OUT SET [SET ...] [--start FILE] [--steps N] [--pairs N] [--words] [--measure PATH]

A SET is a SQuAD file (`.json`) or arrays of word pieces (`.npz`). The reader starts as MiniLM, or from weights that
were written before. With --measure the card's table is printed, from public sets as `scripts/read_alone.py` takes them.
The graph and the hash of the new weights still have to follow: docs/reader.md says how.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from build_minilm_graph import EPSILON, HEADS, LAYERS, WIDTH
from build_reader_graph import WORDS, pack, unpack
from qa.models.minilm import WEIGHTS as MINILM
from qa.models.minilm import installed_model
from qa.models.reader import Reader
from read_alone import table
from reader_pairs import Pair, arrange, batches, load_arrays, load_squad

try:
    import torch  # type: ignore[import-not-found]  # large, so it is no dependency
    from torch.nn import functional  # type: ignore[import-not-found]
except ImportError as error:
    raise SystemExit("training needs torch, which is not installed. Run: pip install torch") from error

Weights = dict[str, Any]  # of torch's tensors
HEAD_ROWS = {"pieces": 3, "answerable": 1}  # an answer begins, it ends, what supports it · there is one

DROPOUT, DECAY, WARM_UP, AVERAGED = 0.1, 0.01, 0.06, 0.999


def fresh(start: Path, device: str) -> Weights:
    """The weights of a file, MiniLM's or a reader's, as tensors; heads that are not there begin small."""
    random = np.random.default_rng(1)
    stored = {
        name: value
        for name, value in unpack(start).items()
        if not name.startswith(("pooler", "embeddings.position_ids"))
    }
    positions = "embeddings.position_embeddings.weight"
    stored[positions] = stored[positions][: Reader.max_pieces]
    for name, rows in HEAD_ROWS.items():
        stored.setdefault(f"{name}.weight", random.normal(0, 0.02, (rows, WIDTH)).astype(np.float32))
        stored.setdefault(f"{name}.bias", np.zeros(rows, dtype=np.float32))
    return {name: torch.tensor(value.copy(), device=device) for name, value in stored.items()}


def forward(weights: Weights, ids: Any, types: Any) -> tuple[Any, Any]:
    """The logits of each piece (pairs, pieces, 3) and of each pair (pairs), as the graph gives them, with dropout."""

    def linear(rows: Any, name: str) -> Any:
        return functional.linear(rows, weights[f"{name}.weight"], weights[f"{name}.bias"])

    def normal(rows: Any, name: str) -> Any:
        return functional.layer_norm(rows, (WIDTH,), weights[f"{name}.weight"], weights[f"{name}.bias"], EPSILON)

    count, length = ids.shape
    words, positions, kinds = (
        weights[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
    )
    rows = normal(words[ids] + positions[:length] + kinds[types], "embeddings.LayerNorm")
    for name in (f"encoder.layer.{number}" for number in range(LAYERS)):
        query, key, value = (
            linear(rows, f"{name}.attention.self.{part}").view(count, length, HEADS, -1).transpose(1, 2)
            for part in ("query", "key", "value")
        )
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=(ids != 0)[:, None, None])
        seen = linear(seen.transpose(1, 2).reshape(count, length, WIDTH), f"{name}.attention.output.dense")
        rows = normal(rows + functional.dropout(seen, DROPOUT), f"{name}.attention.output.LayerNorm")
        wide = functional.gelu(linear(rows, f"{name}.intermediate.dense"))
        rows = normal(
            rows + functional.dropout(linear(wide, f"{name}.output.dense"), DROPOUT), f"{name}.output.LayerNorm"
        )
    return linear(rows, "pieces").float(), linear(rows[:, 0], "answerable").float()[:, 0]


def loss(weights: Weights, batch: Mapping[str, Any]) -> Any:
    """How wrong the reader is: where an answer begins and ends, [CLS] when nowhere; whether; in which sentences."""
    pieces, answerable = forward(weights, batch["ids"], batch["types"])
    first, last, known, wanted = batch["places"].T
    inside = batch["sentences"] >= 0
    allowed = inside | (torch.arange(inside.shape[1], device=inside.device) == 0)
    ends = pieces[:, :, :2].masked_fill(~allowed[:, :, None], -1e4)
    places = sum(
        functional.cross_entropy(ends[:, :, side], place, reduction="none") for side, place in enumerate((first, last))
    )
    opens, closes = (batch["sentences"].gather(1, place[:, None]) for place in (first, last))
    holds = (batch["sentences"] >= opens) & (batch["sentences"] <= closes) & (opens >= 0)
    support = functional.binary_cross_entropy_with_logits(pieces[:, :, 2], holds.float(), reduction="none")
    judged = inside & (known == 1)[:, None]
    return (
        (places * known).sum() / known.sum().clamp(min=1) / 2
        + functional.binary_cross_entropy_with_logits(answerable, wanted.float())
        + (support * judged).sum() / judged.sum().clamp(min=1) / 2
    )


def train(pairs: Sequence[Pair], weights: Weights, *, steps: int, size: int, rate: float, words: bool) -> Weights:
    """The weights after so many steps, each an average over the last steps; the word table stays unless `words`."""
    random = np.random.default_rng(1)
    torch.manual_seed(1)
    device = weights[f"{WORDS}.weight"].device
    moving = [name for name in weights if words or name != f"{WORDS}.weight"]
    averages = {name: weights[name].clone() for name in moving}
    for name in moving:
        weights[name].requires_grad_(True)
    matrices, others = (
        [weights[name] for name in moving if (weights[name].ndim > 1) is flat] for flat in (True, False)
    )
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98))
    for step, batch in zip(range(steps), batches(pairs, size=size, random=random), strict=False):
        done = step / steps
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / (WARM_UP * steps)) * (1 + math.cos(math.pi * done)) / 2
        arranged = {name: torch.tensor(rows, device=device) for name, rows in arrange(batch, random=random).items()}
        with torch.autocast(device.type, dtype=torch.bfloat16):
            wrong = loss(weights, arranged)
        optimiser.zero_grad()
        wrong.backward()
        torch.nn.utils.clip_grad_norm_(matrices + others, 1.0)
        optimiser.step()
        for name in moving:
            averages[name].lerp_(weights[name].detach(), 1 - min(AVERAGED, (step + 1) / (step + 10)))
        if step % max(1, steps // 20) == 0:
            print(f"step {step} of {steps}: loss {wrong.item():.3f}", flush=True)
    return {**weights, **averages}


def main() -> None:
    """Train, write, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("out", type=Path)
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--start", type=Path)
    parser.add_argument("--steps", type=int, default=14_000)
    parser.add_argument("--pairs", type=int, default=224)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--words", action="store_true")
    parser.add_argument("--measure", type=Path)
    given = parser.parse_args()
    folder = installed_model()
    start = given.start or (folder / MINILM if folder else parser.error("MiniLM's weights are not installed"))
    pairs = [pair for each in given.sets for pair in (load_arrays if each.suffix == ".npz" else load_squad)(each)]
    print(f"{len(pairs)} pairs, {sum(pair.answerable for pair in pairs)} of them answerable")
    weights = fresh(start, "cuda" if torch.cuda.is_available() else "cpu")
    trained = train(pairs, weights, steps=given.steps, size=given.pairs, rate=given.rate, words=given.words)
    pack({name: value.detach().float().cpu().numpy() for name, value in trained.items()}, given.out)
    if given.measure:
        print(*table(Reader(weights=given.out.read_bytes()), given.measure), sep="\n")


if __name__ == "__main__":
    main()
