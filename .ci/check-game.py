"""Reads what `earnest sim game` exports with the tools that people have, as docs/simulation.md says.

    earnest sim game SCENARIO --policies A,B --json --nfg GAME.nfg > GAME.json
    python3 .ci/check-game.py GAME.json GAME.nfg        # wants pygambit; open-spiel, where it is there
"""

import json
import sys

import pygambit

with open(sys.argv[1], encoding="utf-8") as file:
    told = json.load(file)
policies, mixes = told["policies"], told["mixes"]

game = pygambit.read_nfg(sys.argv[2])
one, another = game.to_arrays(dtype=float)
assert one.shape == (len(policies), len(policies)), one.shape
assert (abs(one - another.T) < 1e-6).all(), "both players choose among the same"
for a, policy in enumerate(policies):
    # Among people who all play one policy, whoever plays another has what the whole table says.
    everybody = [told["parts"] if place == a else 0 for place in range(len(policies))]
    mix = next(mix for mix in mixes if mix["parts"] == everybody)
    for b, other in enumerate(policies):
        assert abs(mix["payoffs"][b] / 1e9 - one[b, a]) < 1e-6, (other, policy)
print(f"pygambit reads {game.title}: {len(policies)} policies, payoffs as in the table")

try:
    import numpy
    from open_spiel.python.egt import dynamics, heuristic_payoff_table
except ImportError:
    print("skipped: no open-spiel")
    raise SystemExit(0)
rows = [mix["parts"] + [payoff / 1e9 for payoff in mix["payoffs"]] for mix in mixes]
table = heuristic_payoff_table.from_heuristic_payoff_table(numpy.array(rows, dtype=float))
assert (table.num_strategies, table.num_players) == (len(policies), told["parts"])
fitness = table.expected_payoff(numpy.full(len(policies), 1 / len(policies)))
moves = dynamics.replicator(numpy.full(len(policies), 1 / len(policies)), fitness)
assert abs(moves.sum()) < 1e-6 and len(rows) == table.num_rows
print(f"open-spiel reads {table.num_rows} mixes; in the middle shares move by {moves.round(3).tolist()}")
