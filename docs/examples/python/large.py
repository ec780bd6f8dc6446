"""Reads the output of a closed job that has chunks: python large.py NODE JOB FILE

Every byte is checked against the output that the ledger accepted before it is written. Needs no
account. Outputs of one piece are read as `fetch` in job.py does.
"""

import sys

from blake3 import blake3
from earnest import Node, hexed, unhex

# [large]
CHUNK_BYTES = 256 * 1024
LEAF_BYTES = 4096


def hashed(what, data):
    return blake3(data, derive_key_context=f"earnest compute 2026-11 output {what} v1").digest()


def trees_over(nodes):
    """The trees over nodes of one size, largest first: two of a size are joined as in counting."""
    trees = []
    for count, tree in enumerate(nodes, 1):
        while count % 2 == 0:
            tree, count = hashed("node", trees.pop() + tree), count // 2
        trees.append(tree)
    return trees


def root_of(length, trees, tail):
    return hashed("root", length.to_bytes(8, "little") + b"".join(trees) + tail)


def name_of(chunk):
    """What a chunk is called: the tree over its leaves, or the root of an output of it alone."""
    whole = len(chunk) - len(chunk) % LEAF_BYTES
    leaves = [hashed("chunk", chunk[at : at + LEAF_BYTES]) for at in range(0, whole, LEAF_BYTES)]
    trees = trees_over(leaves)
    return trees[0] if len(chunk) == CHUNK_BYTES else root_of(len(chunk), trees, chunk[whole:])


def chunks_of(node, output):
    """The chunks of an output, in order, each checked; the list of their names is checked first."""
    if unhex(output) == root_of(0, [], b""):
        return  # Nobody stores nothing.
    parts = node.get(f"/v1/outputs/{output}")
    names, rest = ([unhex(name) for name in parts[field]] for field in ("full", "rest_trees"))
    tail, length = unhex(parts["rest_tail"]), CHUNK_BYTES * len(names) + parts["rest_bytes"]
    assert root_of(length, trees_over(names) + rest, tail) == unhex(output), "another's list"
    if parts["rest_bytes"] > 0:
        names.append(root_of(parts["rest_bytes"], rest, tail))
    for name in names:
        chunk = node.blob(hexed(name))
        assert name_of(chunk) == name, "another's chunk"
        yield chunk
# [/large]


def main():
    if len(sys.argv) != 4:
        sys.exit("say: python large.py NODE JOB FILE")
    node = Node(sys.argv[1])
    job = node.get(f"/v1/jobs/{sys.argv[2]}")
    if not job["closed"] or job["closed"]["outcome"] != "accepted":
        sys.exit(f"job {sys.argv[2]} has no accepted result")
    with open(sys.argv[3], "wb") as file:
        for chunk in chunks_of(node, job["closed"]["output"]):
            file.write(chunk)
        print("output", job["closed"]["output"], "of", file.tell(), "bytes, each chunk checked")


if __name__ == "__main__":
    main()
