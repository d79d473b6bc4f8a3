/**
 * The NumPy side of the evaluation benchmark, in whole-array operations of float64. Arguments: the folder with the
 * arrays, rounds, actions, repeats. Prints {skipped}, or {version, each, shared, values}: processor seconds of every
 * repeat, and per estimator its value and standard error.
 *
 * `each` is written as in Open Bandit Pipeline: every estimator is a function of action, reward, propensity, target
 * probabilities and guesses, and computes the weights (and `np.average` over the actions) it needs. `shared` is what a
 * careful author would write for all of them together: weights, the model's view of the rounds and the residuals once.
 * Standard errors are those of the rounds, divisor n − 1, and of the delta method for self-normalised estimators.
 */
export const NUMPY_SCRIPT = String.raw`
import json, sys, time
try:
    import numpy as np
except Exception as error:
    print(json.dumps(dict(skipped=str(error) or type(error).__name__)))
    sys.exit()

folder, N, A, repeats = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
read = lambda name, kind=np.float64: np.fromfile(folder + "/" + name, dtype=kind)
action, reward, pscore = read("action", np.int32), read("reward"), read("propensity")
pi, q = read("target").reshape(N, A), read("guesses").reshape(N, A)
rows = np.arange(N)

clip = lambda w: np.minimum(w, 10.0)
switch = lambda w: np.where(w <= 10.0, w, 0.0)
shrink = lambda w: 10.0 * w / (w * w + 10.0)
temper = lambda w: w / (0.9 + 0.1 * w)
same = lambda w: w

def mean(x):
    return x.mean(), x.std(ddof=1) / np.sqrt(N)

def ratio(top, below, offset=None):
    scale = below.mean()
    share = top.mean() / scale
    influence = (top - share * below) / scale
    value = share
    if offset is not None:
        centre = offset.mean()
        value = share + centre
        influence = influence + (offset - centre)
    return value, np.sqrt(np.dot(influence, influence)) / N

def table(weight, direct, guess, residual):
    """Estimators from functions that give the parts; each asks for what it needs."""
    ips = lambda keep: lambda: mean(keep(weight()) * reward)
    dr = lambda keep: lambda: mean(direct() + keep(weight()) * residual())
    def snips():
        w = weight()
        return ratio(w * reward, w)
    def sndr():
        w = weight()
        return ratio(w * residual(), w, direct())
    return dict(ips=ips(same), clippedIps=ips(clip), snips=snips, dm=lambda: mean(direct()), dr=dr(same), sndr=sndr,
                switchDr=dr(switch), dros=dr(shrink), sgIps=ips(temper), sgDr=dr(temper), clippedDr=dr(clip))

def each():
    weight = lambda: pi[rows, action] / pscore
    direct = lambda: np.average(q, weights=pi, axis=1)
    guess = lambda: q[rows, action]
    return {key: f() for key, f in table(weight, direct, guess, lambda: reward - guess()).items()}

def shared():
    w, d = pi[rows, action] / pscore, np.einsum("na,na->n", pi, q)
    rest = reward - q[rows, action]
    return {key: f() for key, f in table(lambda: w, lambda: d, None, lambda: rest).items()}

def clocked(work):
    start = time.process_time()
    values = work()
    return time.process_time() - start, values

out = dict(version=np.__version__, each=[], shared=[])
for _ in range(repeats):
    for name, work in (("each", each), ("shared", shared)):
        seconds, values = clocked(work)
        out[name].append(seconds)
out["values"] = {key: [float(v), float(s)] for key, (v, s) in values.items()}
print(json.dumps(out))
`;
