"""Train the reader on pairs of a question and a text, and write its weights. Needs torch, which nothing else does.

    python scripts/train_reader.py OUT SET [SET ...] [--start FILE] [--steps N] [--seconds S] [--pairs N] [--words]

A SET is a SQuAD file (`.json`), arrays of word pieces (`.npz`) or a folder of texts as `written.py` reads them; what it
learns of these comes three times in a round. The reader starts as MiniLM, or from weights that
were written before. With --measure the card's table is printed, from public sets as `scripts/read_alone.py` takes them.
The graph and the hash of the new weights still have to follow: docs/reader.md says how.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from build_minilm_graph import EPSILON, HEADS, LAYERS, WIDTH
from build_reader_graph import WORDS, pack, unpack
from qa.models.minilm import WEIGHTS as MINILM
from qa.models.minilm import MiniLM, installed_model
from qa.models.reader import Reader
from reader_pairs import Ints, Pair, Plan, arrange, carry_out, load_arrays, load_squad, plans
from written import SOURCE as WRITTEN_FOR_IT
from written import load
from written import pairs as written_pairs

try:
    import torch  # type: ignore[import-not-found]  # large, so it is no dependency
    from torch.nn import functional  # type: ignore[import-not-found]
except ImportError as error:
    raise SystemExit("training needs torch, which is not installed. Run: pip install torch") from error

Weights = dict[str, Any]  # of torch's tensors
HEAD_ROWS = {"pieces": 3, "answerable": 1}  # an answer begins, it ends, what supports it · there is one

WRITTEN = 3  # times that our own few come in a round
WORKERS = min(8, os.cpu_count() or 1)
DROPOUT, DECAY, WARM_UP, AVERAGED = 0.1, 0.01, 0.06, 0.999
PIECES = 30_522  # in MiniLM's vocabulary
FEWEST_TEXTS, OTHERS, DRAWN = 24, 8, 3  # compared with a question, and kept of them; drawn without comparing


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


def encoded(weights: Weights, ids: Any, types: Any) -> Any:
    """The last layer's rows (pairs, pieces, width), as the graph has them, with dropout."""

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
    return rows


def forward(weights: Weights, ids: Any, types: Any) -> tuple[Any, Any]:
    """The logits of each piece (pairs, pieces, 3) and of each pair (pairs)."""
    rows = encoded(weights, ids, types)
    pieces, answerable = (
        functional.linear(each, weights[f"{name}.weight"], weights[f"{name}.bias"]).float()
        for each, name in ((rows, "pieces"), (rows[:, 0], "answerable"))
    )
    return pieces, answerable[:, 0]


def bags(texts: Sequence[Ints], device: Any) -> Any:
    """Which word pieces each text has, 1 or 0 (texts, pieces), in half precision."""
    found = torch.zeros(len(texts), PIECES, dtype=torch.half, device=device)
    rows = np.repeat(np.arange(len(texts)), [len(each) for each in texts])
    found[torch.tensor(rows, device=device), torch.tensor(np.concatenate(texts), device=device)] = 1
    return found


def nearest(pairs: Sequence[Pair], device: Any) -> dict[int, list[int]]:
    """Pairs of the same source whose texts share most with the question of a pair, by its number, and lack its answer.

    They have its words without answering. Of our own documents others are drawn instead: they are asked of one by one,
    so a text that is near may well answer. Nothing for the pairs that are not answerable.
    """
    random = np.random.default_rng(5)
    near: dict[int, list[int]] = {}
    sources = np.array([pair.source for pair in pairs])
    for source in np.unique(sources):
        own = np.flatnonzero(sources == source).tolist()
        texts = {pairs[number].text.tobytes(): number for number in own}
        asking = [number for number in own if pairs[number].answerable]
        if len(texts) < FEWEST_TEXTS or not asking:
            continue
        contents, numbers = list(texts), list(texts.values())
        held = bags([pairs[each].text for each in numbers], device)
        rarity = torch.log(len(numbers) / held.sum(0, dtype=torch.float).clamp(min=1)).half()
        for group in (asking[at : at + 1024] for at in range(0, len(asking), 1024)):
            if source == WRITTEN_FOR_IT:
                closest = random.integers(len(numbers), size=(len(group), DRAWN)).tolist()
            else:
                asked = bags([pairs[each].question for each in group], device) * rarity
                closest = (asked @ held.T).topk(FEWEST_TEXTS, dim=1).indices.tolist()
            for number, found in zip(group, closest, strict=True):
                answer = pairs[number].answer
                near[number] = [numbers[each] for each in found if answer not in contents[each]][:OTHERS]
    return near


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


class Batches(torch.utils.data.Dataset):  # type: ignore[misc]  # torch has no types here
    """Planned batches as arrays, made in processes of their own while the model learns."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self._pairs = pairs

    def __getitem__(self, planned: tuple[int, Plan]) -> dict[str, Ints]:
        seed, plan = planned
        return arrange(carry_out(plan, self._pairs), random=np.random.default_rng(seed))


def train(
    pairs: Sequence[Pair],
    weights: Weights,
    near: Mapping[int, Sequence[int]],
    *,
    steps: int,
    seconds: float,
    size: int,
    rate: float,
    words: bool,
) -> Weights:
    """The weights after so many steps or seconds, each an average of the last; the word table stays unless `words`.

    `near` names for a question, by its pair's number, other texts that it is put beside.
    """
    random = np.random.default_rng(1)
    torch.manual_seed(1)
    device = weights[f"{WORDS}.weight"].device
    deadline = time.monotonic() + seconds
    moving = [name for name in weights if words or name != f"{WORDS}.weight"]
    averages = {name: weights[name].clone() for name in moving}
    for name in moving:
        weights[name].requires_grad_(True)
    matrices, others = (
        [weights[name] for name in moving if (weights[name].ndim > 1) is flat] for flat in (True, False)
    )
    groups = [{"params": matrices, "weight_decay": DECAY}, {"params": others, "weight_decay": 0.0}]
    optimiser = torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.98), fused=device.type == "cuda")
    planned = enumerate(plans(pairs, near, size=size, random=random))
    loader = torch.utils.data.DataLoader(
        Batches(pairs), sampler=planned, batch_size=None, num_workers=WORKERS, collate_fn=dict, prefetch_factor=8
    )
    begun = time.monotonic()
    for step, arranged in enumerate(loader):
        done = max(step / steps, (time.monotonic() - begun) / (deadline - begun))
        if done >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, done / WARM_UP) * (1 + math.cos(math.pi * done)) / 2
        batch = {name: torch.tensor(rows, device=device) for name, rows in arranged.items()}
        with torch.autocast(device.type, dtype=torch.bfloat16):
            wrong = loss(weights, batch)
        optimiser.zero_grad()
        wrong.backward()
        torch.nn.utils.clip_grad_norm_(matrices + others, 1.0)
        optimiser.step()
        with torch.no_grad():
            torch._foreach_lerp_(
                [averages[name] for name in moving],
                [weights[name] for name in moving],
                1 - min(AVERAGED, (step + 1) / (step + 10)),
            )
        if step % 200 == 0:
            print(f"step {step}, {done:.0%}: loss {wrong.item():.3f}", flush=True)
    return {**weights, **averages}


def read_pairs(path: Path) -> Iterable[Pair]:
    """The pairs of one set, as often as they come in a round."""
    if path.is_dir():
        documents = list(load("reader", count_pieces=MiniLM().count_pieces, folder=path))
        return WRITTEN * list(written_pairs(documents))
    return load_arrays(path) if path.suffix == ".npz" else load_squad(path)


def main() -> None:
    """Train, write, and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("out", type=Path)
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--start", type=Path)
    parser.add_argument("--steps", type=int, default=14_000)
    parser.add_argument("--seconds", type=float, default=math.inf)
    parser.add_argument("--pairs", type=int, default=224)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--words", action="store_true")
    parser.add_argument("--measure", type=Path)
    given = parser.parse_args()
    folder = installed_model()
    start = given.start or (folder / MINILM if folder else parser.error("MiniLM's weights are not installed"))
    pairs = [pair for each in given.sets for pair in read_pairs(each)]
    print(f"{len(pairs)} pairs, {sum(pair.answerable for pair in pairs)} of them answerable")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    near = nearest(pairs, device)
    print(f"{sum(map(len, near.values()))} texts near {len(near)} questions", flush=True)
    trained = train(
        pairs,
        fresh(start, device),
        near,
        steps=given.steps,
        seconds=given.seconds,
        size=given.pairs,
        rate=given.rate,
        words=given.words,
    )
    pack({name: value.detach().float().cpu().numpy() for name, value in trained.items()}, given.out)
    if given.measure:
        from read_alone import table  # which needs the whole program

        print(*table(Reader(weights=given.out.read_bytes()), given.measure), sep="\n")


if __name__ == "__main__":
    main()
