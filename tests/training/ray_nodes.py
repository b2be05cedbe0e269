"""A cluster of Ray on this machine: a head that runs nothing, and nodes of one core; ends with its standard input.

``python ray_nodes.py FOLDER NODES`` prints a line: address and the nodes' processes.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def main(folder: Path, nodes: int) -> None:
    """Run the cluster, whose files lie in a folder of a short name."""
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_TMPDIR": str(folder)}
    (folder / "ray").mkdir(parents=True)
    from ray.cluster_utils import Cluster

    small = {"num_gpus": 0, "object_store_memory": 80 * 2**20}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False, **small})
    added = [cluster.add_node(num_cpus=1, wait=False, **small) for _ in range(nodes)]
    cluster.wait_for_nodes(timeout=120)
    raylets = [process.process.pid for node in added for process in node.all_processes["raylet"]]
    print(json.dumps({"address": cluster.address, "raylets": raylets}), flush=True)
    sys.stdin.read()
    cluster.shutdown()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
