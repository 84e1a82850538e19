"""The lines of `benches/recommender.rs` by `implicit` on the same data: peer.py DATA.csv (user,item after a line of names).

The number of threads is the machine's; set OPENBLAS_NUM_THREADS=1, as implicit's authors advise. Medians of three where
a measurement takes less than half a minute.
"""

import os
import sys
import time

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import implicit
import numpy as np
import scipy.sparse


def read(path):
    users, items, rows, columns = {}, {}, [], []
    with open(path) as lines:
        next(lines)
        for line in lines:
            user, item = line.rstrip("\n").split(",")[:2]
            rows.append(users.setdefault(user, len(users)))
            columns.append(items.setdefault(item, len(items)))
    ones = np.ones(len(rows), np.float32)
    bought = scipy.sparse.csr_matrix((ones, (rows, columns)), shape=(len(users), len(items)))
    bought.data[:] = 1
    return bought


def median(run):
    times = []
    while len(times) < 3 and sum(times) < 30:
        begun = time.perf_counter()
        run()
        times.append(time.perf_counter() - begun)
    return float(np.median(times))


def epoch(bought, factors, use_cg):
    times = []
    model = implicit.als.AlternatingLeastSquares(
        factors=factors, iterations=3, use_cg=use_cg, num_threads=0, random_state=1
    )
    model.fit_callback = lambda iteration, seconds, *rest: times.append(seconds)
    model.fit(bought, show_progress=False)
    return model, float(np.median(times))


def main():
    bought = read(sys.argv[1])
    users = np.arange(bought.shape[0])
    print(f"implicit {implicit.__version__}: {bought.shape[0]} users, {bought.shape[1]} items, {bought.nnz} interactions")
    for factors in (64, 128):
        _, exact = epoch(bought, factors, False)
        model, conjugate = epoch(bought, factors, True)
        print(f"implicit epoch f={factors}: exact {exact:.3f} s, conjugate gradients {conjugate:.3f} s", flush=True)
        seconds = median(lambda: model.recommend(users, bought, N=20))
        rate = 2 * factors * bought.shape[0] * bought.shape[1] / seconds
        print(f"implicit top 20 of all f={factors}: {len(users) / seconds:.0f} users/s, {rate / 1e9:.1f} GFLOP/s", flush=True)
        candidates = np.arange(200) * (bought.shape[1] // 200)
        seconds = median(lambda: model.recommend(users, bought, N=10, items=candidates))
        print(f"implicit top 10 of 200 f={factors}: {len(users) / seconds:.0f} users/s", flush=True)
    inverse(bought)


def inverse(bought):
    """What EASE needs over the 10,000 items that most people have, by numpy with all threads."""
    import subprocess

    popular = np.argsort(-np.bincount(bought.indices, minlength=bought.shape[1]), kind="stable")[:10_000]
    gram = (bought[:, popular].T @ bought[:, popular]).toarray().astype(np.float32)
    gram[np.diag_indices_from(gram)] += 250
    path = "/tmp/handpick-peer-gram.npy" if os.name == "posix" else "handpick-peer-gram.npy"
    np.save(path, gram)
    code = (
        f"import numpy as np, time; g = np.load({path!r}); b = time.perf_counter(); np.linalg.inv(g); "
        "print(f'numpy inverse of 10000 x 10000: {time.perf_counter() - b:.2f} s')"
    )
    # Another process: the number of OpenBLAS's threads is fixed when it is loaded.
    environment = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    os.remove(path)


main()
